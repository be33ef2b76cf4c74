import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { isUuid } from "../../data/isUuid.ts";
import { useLatest } from "../../data/visited.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { useModal } from "../../parts/useModal.ts";
import { actionsOfPage, type Choice, leading, matches, pages } from "./choices.ts";
import { idQuery, nameQuery } from "./find.ts";

/** What is typed is looked for after so many milliseconds without another key. */
const patience = 200;

/** Goes to anything: what is typed is looked for among pages, recent things, actions of the page, and ids. */
export function Palette({ onClose }: { onClose: () => void }) {
  const id = useId();
  const dialog = useModal();
  const { history } = useRouter();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [actions] = useState(actionsOfPage);
  const latest = useLatest();
  const typed = text.trim();
  const { found, error, busy } = useFound(typed);

  const known = [...actions, ...leading("Recent", latest), ...pages].filter((each) => matches(each, typed));
  const isKnown = new Set(known.map(({ href }) => href));
  const choices = [...found.filter(({ href }) => !isKnown.has(href)), ...known];
  const chosen = Math.min(at, choices.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen]);

  const take = (choice: Choice | undefined, inTab: boolean) => {
    if (!choice) return;
    dialog.current?.close();
    if (choice.href === undefined) choice.press?.click();
    else if (inTab) window.open(choice.href, "_blank", "noopener");
    else history.push(choice.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // The keys that end a composition, as of Japanese, belong to it.
    if (event.nativeEvent.isComposing) return;
    const last = choices.length - 1;
    const places: Readonly<Record<string, number>> = {
      ArrowDown: chosen >= last ? 0 : chosen + 1,
      ArrowUp: chosen <= 0 ? last : chosen - 1,
      PageDown: Math.min(chosen + 8, last),
      PageUp: Math.max(chosen - 8, 0),
    };
    const place = places[event.key];
    if (place !== undefined) setAt(place);
    else if (event.key === "Enter") take(choices[chosen], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };
  const groups = [...Map.groupBy(choices.entries(), ([, { group }]) => group)];
  return (
    <dialog ref={dialog} className="palette" aria-label="Go to" onClose={onClose} closedby="any">
      <input
        type="text"
        role="combobox"
        aria-label="A page, an action, a name or an id"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        placeholder="A page, an action, a name or an id"
        autoComplete="off"
        spellCheck={false}
        autoFocus
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {error !== null && <ErrorBox error={error} />}
      <div role="listbox" id={`${id}-list`} aria-label="What there is" aria-busy={busy}>
        {groups.map(([group, members]) => (
          <div role="group" key={group} aria-label={group}>
            <div className="soft small" aria-hidden="true">
              {group}
            </div>
            {members.map(([index, choice]) => (
              <Option
                key={index}
                id={`${id}-${index}`}
                choice={choice}
                chosen={index === chosen}
                onTake={(inTab) => take(choice, inTab)}
              />
            ))}
          </div>
        ))}
      </div>
      <p className="soft small" role="status">
        {busy
          ? "Looking…"
          : choices.length === 0
            ? `Nothing is called “${typed}”.`
            : `${choices.length} to choose from`}
      </p>
    </dialog>
  );
}

interface OptionProps {
  id: string;
  choice: Choice;
  chosen: boolean;
  onTake: (inTab: boolean) => void;
}

function Option({ id, choice: { name, note }, chosen, onTake }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys.
    <div
      role="option"
      id={id}
      aria-selected={chosen}
      onClick={(event) => onTake(event.ctrlKey || event.metaKey)}
    >
      <bdi>{name}</bdi> {note && <span className="soft small">{note}</span>}
    </div>
  );
}

/** What the service has by this id or name, once the reader has stopped typing. */
function useFound(typed: string) {
  const [wanted, want] = useState("");
  useEffect(() => {
    const timer = setTimeout(want, isUuid(typed) ? 0 : patience, typed);
    return () => clearTimeout(timer);
  }, [typed]);
  const enabled = wanted.length > 1;
  const { data, error, isFetching } = useQuery({
    ...(isUuid(wanted) ? idQuery(wanted) : nameQuery(wanted)),
    enabled,
  });
  const busy = typed.length > 1 && (isFetching || wanted !== typed);
  return { found: leading("Found", enabled && !busy ? (data ?? []) : []), error, busy };
}
