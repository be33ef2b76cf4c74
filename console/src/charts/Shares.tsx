import { Fragment } from "react";
import { count } from "../parts/format.ts";
import type { Tone } from "../parts/Status.tsx";

export interface Share {
  name: string;
  count: number;
  tone: Tone;
  /** What its words lead to. */
  href?: string;
}

/** One bar of parts that add up to a whole, with what each is. */
export function Shares({ title, shares }: { title: string; shares: readonly Share[] }) {
  const total = shares.reduce((sum, share) => sum + share.count, 0);
  const shown = shares.filter((share) => share.count > 0);
  const words = shown.map((share) => `${count(share.count)} ${share.name}`).join(", ") || "none";
  return (
    <div className="shares">
      <div className="shares-bar" role="img" aria-label={`${title}: ${words}`}>
        {shown.map((share) => (
          <span
            key={share.name}
            className={share.tone}
            style={{ width: `${(share.count / total) * 100}%` }}
          />
        ))}
      </div>
      <span className="soft small">
        {shown.map(({ name, count: number, href }, index) => (
          <Fragment key={name}>
            {index > 0 && ", "}
            {href === undefined ? (
              `${count(number)} ${name}`
            ) : (
              <a href={href}>{`${count(number)} ${name}`}</a>
            )}
          </Fragment>
        ))}
        {shown.length === 0 && "none"}
      </span>
    </div>
  );
}
