import { keysAreOn } from "../keys/setting.ts";
import { keys } from "../keys/table.ts";
import { useModal } from "../parts/useModal.ts";
import { sections } from "./sections.ts";

const shown: Readonly<Record<string, string>> = { X: "Shift+x", Y: "Shift+y", Escape: "Esc" };

/** The keys of the console, in a dialog. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const dialog = useModal();
  const groups = Map.groupBy(Object.values(keys), ({ group }) => group);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys-title" className="keys">
      <div className="head">
        <h2 id="keys-title">Keys</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      {!keysAreOn() && <p>Single keys are switched off: the menu at the top right switches them on.</p>}
      <div className="groups">
        {[...groups].map(([group, members]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {group === "Everywhere" && <Line keys="Ctrl+k" words="go to anything" />}
              {members.map(({ key, words }) => (
                <Line key={key} keys={shown[key] ?? key} words={words} />
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Pages</h3>
          <dl>
            {sections.map(({ key, name }) => (
              <Line key={key} keys={`g ${key}`} words={name} />
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  );
}

function Line({ keys: written, words }: { keys: string; words: string }) {
  return (
    <div>
      <dt>
        <kbd>{written}</kbd>
      </dt>
      <dd>{words}</dd>
    </div>
  );
}
