import { BackupError, type BackupHeader } from "./format.ts";

/**
 * The fingerprints of the tables after each migration, so that a backup can be checked without a database. A
 * test compares them with the tables that the migrations make, and shows the right values.
 */
export const layouts: Readonly<Record<string, string>> = {
  "20240320000001_initial_schema": "edf06d9fb596d5b59d0762115c39551c35bea6422ca94adcecd6f64cb059616f",
  "20240320000002_add_indexes": "edf06d9fb596d5b59d0762115c39551c35bea6422ca94adcecd6f64cb059616f",
  "20240320000003_add_audit_logs": "9b62f710da17be0694f02aadad838c5c6c76a73cc96a65be93ed5fa308242902",
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
