import { useRef, useState } from "react";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { quote } from "../../../../src/text.ts";
import { download, fileNameOf } from "../../data/download.ts";
import type { Search } from "../../data/search.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { bytes, count } from "../../parts/format.ts";
import { type Exporting, exportSamples, longestFile, type Progress } from "./exported.ts";
import { asksForAll, exportCommandOf, exportOf } from "./useSamples.ts";

interface Props {
  benchmark: Benchmark;
  search: Search;
  onClose: () => void;
}

/** Stores the samples that match in a file of the reader's machine. */
export function ExportDialog({ benchmark, search, onClose }: Props) {
  const [format, setFormat] = useState<Exporting["format"]>("csv");
  const [forSpreadsheets, setForSpreadsheets] = useState(true);
  const [progress, setProgress] = useState<Progress>();
  const stop = useRef(new AbortController());
  const confirm = async () => {
    setProgress({ evaluations: 0, bytes: 0 });
    const { signal } = stop.current;
    const request = exportOf(benchmark.id, search);
    const shared = { benchmark, request, format, forSpreadsheets, signal };
    const file = await exportSamples({ ...shared, onProgress: setProgress });
    if (!signal.aborted) download(fileNameOf(benchmark.name, format), file);
  };
  return (
    <Confirm
      title="Export samples"
      action="Export"
      onConfirm={confirm}
      onClose={() => {
        stop.current.abort();
        onClose();
      }}
    >
      <p>
        {asksForAll(search) ? "All evaluations" : "The evaluations that match the filters"} with their whole
        texts, oldest first, up to {bytes(longestFile)}. Without that limit:{" "}
        <code>{commandOf(benchmark.id, search, format)}</code>
      </p>
      <div className="fields">
        <label>
          Form{" "}
          <select
            value={format}
            disabled={progress !== undefined}
            onChange={({ target }) => setFormat(target.value === "csv" ? "csv" : "jsonl")}
          >
            <option value="csv">CSV, a row for each</option>
            <option value="jsonl">JSON Lines, as ltb import reads them</option>
          </select>
        </label>
      </div>
      {format === "csv" && (
        <label>
          <input
            type="checkbox"
            checked={forSpreadsheets}
            disabled={progress !== undefined}
            onChange={({ target }) => setForSpreadsheets(target.checked)}
          />{" "}
          For spreadsheets: an apostrophe before texts that they would run as a formula
        </label>
      )}
      {progress && (
        <p role="status">
          {count(progress.evaluations)} evaluations, {bytes(progress.bytes)} so far. Close stops it.
        </p>
      )}
    </Confirm>
  );
}

function commandOf(id: string, search: Search, format: string): string {
  return `ltb ${exportCommandOf(id, search, format).map(quote).join(" ")}`;
}
