interface Props {
  label: string;
  value: string;
  most: number;
  onChange: (value: string) => void;
}

/** A whole number that is typed, from 0 on. */
export function NumberField({ label, value, most, onChange }: Props) {
  return (
    <label>
      {label}
      <input
        type="number"
        min="0"
        max={most}
        step="1"
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
