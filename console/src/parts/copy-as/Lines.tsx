import { useConfig } from "../../data/session.ts";
import { Copy } from "../Copy.tsx";
import { Loaded } from "../Loaded.tsx";
import { Text } from "../texts/Text.tsx";
import { useModal } from "../useModal.ts";
import { type Asked, linesOf } from "./lines.ts";

/** What to copy, each with a button. */
export function Lines({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const dialog = useModal();
  const config = useConfig();
  return (
    <dialog ref={dialog} aria-labelledby="lines-title" onClose={onClose}>
      <h2 id="lines-title">Copy as</h2>
      <Loaded query={config}>
        {(known) => (
          <>
            {linesOf(asked, known, window.location).map(([name, text]) => (
              <section key={name}>
                <div className="head">
                  <h3>{name}</h3>
                  <Copy key={text} text={text} what={name} />
                </div>
                <Text text={text} label={name} />
              </section>
            ))}
            {known.auth === "required" && (
              <p className="soft small">
                The key is not among it: all but the link take it from <code>LTB_API_KEY</code>.
              </p>
            )}
          </>
        )}
      </Loaded>
      <div className="actions">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
