import { type ReactNode, useState } from "react";
import { ErrorBox } from "./ErrorBox.tsx";
import { useModal } from "./useModal.ts";

interface Props {
  title: string;
  /** What will happen, and to how many. */
  children: ReactNode;
  /** The word on the button that does it. */
  action: string;
  danger?: boolean;
  /** What has to be typed before it can be done. */
  mustType?: string | undefined;
  /** It cannot be done as it is. */
  disabled?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is done that others notice, and stays until it is done or has failed. */
export function Confirm(props: Props) {
  const { title, children, action, danger = false, mustType, disabled = false, onConfirm, onClose } = props;
  const dialog = useModal();
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<unknown>();
  const confirm = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <h2 id="confirm-title">{title}</h2>
      {children}
      {mustType !== undefined && (
        <label>
          Type <code>{mustType}</code> to go on{" "}
          <input value={typed} onChange={({ target }) => setTyped(target.value)} />
        </label>
      )}
      {error !== undefined && <ErrorBox error={error} />}
      <div className="actions">
        <button
          type="button"
          className={danger ? "danger" : "main"}
          disabled={disabled || busy || (mustType !== undefined && typed !== mustType)}
          onClick={() => void confirm()}
        >
          {busy ? "Working…" : action}
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
