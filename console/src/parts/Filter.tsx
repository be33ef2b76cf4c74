import { useEffect, useId, useState } from "react";
import { one, useSearchState } from "../data/useSearchState.ts";

interface TextProps {
  name: string;
  label: string;
  type?: string;
  /** Offered while the reader types. */
  suggestions?: readonly string[] | undefined;
}

/** A field of the page's address that is typed; it counts when the reader has stopped typing. */
export function TextFilter({ name, label, type = "search", suggestions = [] }: TextProps) {
  const list = useId();
  const [search, change] = useSearchState();
  const current = one(search[name]);
  const [typed, setTyped] = useState(current);
  useEffect(() => setTyped(current), [current]);
  useEffect(() => {
    if (typed === current) return;
    const timer = setTimeout(() => change({ [name]: typed || undefined }), 350);
    return () => clearTimeout(timer);
  });
  return (
    <label>
      {label}
      <input
        type={type}
        step={type === "number" ? "any" : undefined}
        value={typed}
        list={suggestions.length > 0 ? list : undefined}
        onChange={({ target }) => setTyped(target.value)}
      />
      {suggestions.length > 0 && (
        <datalist id={list}>
          {suggestions.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </label>
  );
}

/** A field of the page's address that is chosen: values with their words; the first is meant by none. */
export function ChoiceFilter({
  name,
  label,
  options,
}: {
  name: string;
  label: string;
  options: readonly (readonly [string, string])[];
}) {
  const [search, change] = useSearchState();
  return (
    <label>
      {label}
      <select
        value={one(search[name])}
        onChange={({ target }) => change({ [name]: target.value || undefined })}
      >
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
