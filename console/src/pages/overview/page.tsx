import { useTitle } from "../../parts/useTitle.ts";
import { Attention } from "./Attention.tsx";
import { Changes } from "./Changes.tsx";
import { Failures } from "./Failures.tsx";
import { Figures } from "./Figures.tsx";
import { Health } from "./Health.tsx";
import { QueueHistory } from "./QueueHistory.tsx";
import { RunningBenchmarks } from "./RunningBenchmarks.tsx";
import { Types } from "./Types.tsx";

/** What runs now, what needs a look, and what happened last. */
export function Page() {
  useTitle("Overview");
  return (
    <>
      <h1>Overview</h1>
      <Health />
      <Figures />
      <Attention />
      <QueueHistory />
      <div className="halves">
        <section>
          <RunningBenchmarks />
        </section>
        <section>
          <Types />
        </section>
        <section>
          <Failures />
        </section>
        <section>
          <Changes />
        </section>
      </div>
    </>
  );
}
