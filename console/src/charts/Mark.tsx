import type { ReactNode } from "react";

interface Props {
  x: number;
  y: number;
  tone?: "good" | "bad" | undefined;
  /** Half its width, in pixels. */
  size?: number;
  /** Shown at the pointer. */
  children?: ReactNode;
}

/** The place of a figure: a triangle up where it is better, one down where it is worse, else a circle. */
export function Mark({ x, y, tone, size = 4, children }: Props) {
  if (tone === undefined)
    return (
      <circle className="point" cx={x} cy={y} r={size}>
        {children}
      </circle>
    );
  const [tip, base] = tone === "good" ? [-size - 1, size] : [size + 1, -size];
  return (
    <path className="point" d={`M${x} ${y + tip}L${x + size + 1} ${y + base}H${x - size - 1}Z`}>
      {children}
    </path>
  );
}
