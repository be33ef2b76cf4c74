import type { DescMethodUnary } from "@bufbuild/protobuf";
import { lazy, Suspense, useState } from "react";
import { loadFile } from "../../data/loadFile.ts";
import { shortcut } from "../../keys/table.ts";
import { copy, useSaid } from "../Copy.tsx";
import type { Asked } from "./lines.ts";

const Lines = lazy(() => loadFile(() => import("./Lines.tsx")).then((file) => ({ default: file.Lines })));

/** Copies the link of the page, or what gets the same without the console. */
export function CopyAs<Method extends DescMethodUnary>(asked: Asked<Method>) {
  const [isOpen, setOpen] = useState(false);
  const [said, say] = useSaid("Copy link");
  return (
    <div className="actions">
      <button
        type="button"
        className="small"
        {...shortcut("copyLink")}
        onClick={() => void copy(window.location.href).then(say)}
      >
        {said}
      </button>
      <button type="button" className="small" {...shortcut("copyAs")} onClick={() => setOpen(true)}>
        Copy as
      </button>
      <Suspense>{isOpen && <Lines asked={asked} onClose={() => setOpen(false)} />}</Suspense>
    </div>
  );
}
