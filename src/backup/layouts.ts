import { BackupError, type BackupHeader } from "./format.ts";

/**
 * The fingerprints of the tables after each migration, so that a backup can be checked without a database. A
 * test compares them with the tables that the migrations make, and shows the right values.
 */
export const layouts: Readonly<Record<string, string>> = {
  "20240320000001_initial_schema": "4bb15cdf7f0c952c8b08a8f79a239a114141d5ca1bfe7efba7fe7b37d4c38159",
  "20240320000002_add_indexes": "4bb15cdf7f0c952c8b08a8f79a239a114141d5ca1bfe7efba7fe7b37d4c38159",
  "20240320000003_add_audit_logs": "b8dc76809d386e5c4b3fb5bbb7bec3ff2d58bcf6b68d69b00ce686425030770f",
};

const newest = Object.keys(layouts).sort().at(-1) ?? "";

/** @throws BackupError for a backup of a later release, whose migrations this program does not have */
export function refuseLater(path: string, header: BackupHeader): void {
  if (!isLater(header)) return;
  throw new BackupError(
    `${path} was made with migration ${header.schemaVersion}, which this program does not know: ` +
      `use release ${header.serviceVersion} or later`,
  );
}

/** @throws BackupError for other tables than this program's; those of a later release are not known here */
export function refuseOtherLayout(path: string, header: BackupHeader): void {
  if (header.fingerprint !== layouts[header.schemaVersion] && !isLater(header))
    throw otherLayout(path, header);
}

export function otherLayout(path: string, { serviceVersion, createdAt }: BackupHeader): BackupError {
  return new BackupError(
    `${path} is of another layout of the tables than this program's: of a pre-release, before 0.1.0, ` +
      "from which nothing is taken over, or of a database with tables or columns of its own. " +
      `Restore it with the version that wrote it (${serviceVersion}, ${createdAt})`,
  );
}

function isLater({ fingerprint, schemaVersion }: BackupHeader): boolean {
  return fingerprint !== "" && schemaVersion > newest;
}
