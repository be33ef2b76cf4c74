import { useRouter } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { hrefOf } from "../data/links.ts";
import { loadFile } from "../data/loadFile.ts";
import { useKeys } from "../keys/useKeys.ts";
import { sections } from "./sections.ts";

const Palette = lazy(() =>
  loadFile(() => import("./palette/Palette.tsx")).then((file) => ({ default: file.Palette })),
);
const KeyList = lazy(() =>
  loadFile(() => import("./KeyList.tsx")).then((file) => ({ default: file.KeyList })),
);

export type Overlay = "palette" | "keys" | undefined;

/** What opens over any page, and the keys that work on all of them. */
export function Overlays({ shown, show }: { shown: Overlay; show: (overlay: Overlay) => void }) {
  const { history } = useRouter();
  useKeys({
    openPalette: () => show("palette"),
    openHelp: () => show("keys"),
    goTo: (letter) => {
      const section = sections.find(({ key }) => key === letter);
      if (section) history.push(hrefOf(section.to));
    },
  });
  const close = () => show(undefined);
  return (
    <Suspense>
      {shown === "palette" && <Palette onClose={close} />}
      {shown === "keys" && <KeyList onClose={close} />}
    </Suspense>
  );
}
