/** A bar that is filled to a share from 0 to 1; `label` says it in words. */
export function Meter({ share, label }: { share: number; label: string }) {
  const width = `${Math.round(Math.min(Math.max(share, 0), 1) * 1000) / 10}%`;
  return (
    <span className="meter" role="img" aria-label={label} title={label}>
      <span style={{ width }} />
    </span>
  );
}
