interface Props {
  label: string;
  /** Spans of time in seconds, each with its words. */
  spans: readonly (readonly [seconds: number, words: string])[];
  value: number;
  onChange: (seconds: number) => void;
}

/** Lets one of some spans of time be chosen, in a dialog. */
export function SpanChoice({ label, spans, value, onChange }: Props) {
  return (
    <p>
      <label>
        {label}{" "}
        <select value={value} onChange={({ target }) => onChange(Number(target.value))}>
          {spans.map(([seconds, words]) => (
            <option key={seconds} value={seconds}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}
