import type { ReactNode } from "react";

/** One figure, large, with its name and what it says beside it. */
export function Card({ title, value, note }: { title: ReactNode; value: ReactNode; note?: ReactNode }) {
  return (
    <section className="card">
      <h3>{title}</h3>
      <div className="big">{value}</div>
      {note !== undefined && <div className="soft small">{note}</div>}
    </section>
  );
}
