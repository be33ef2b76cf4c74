import type { Block, Sample } from "../../../src/cli/html/document.ts";
import { FixedWidths } from "../charts/Chart.tsx";
import { Histogram } from "../charts/Histogram.tsx";
import { Intervals } from "../charts/Intervals.tsx";
import { Timeline } from "../charts/Timeline.tsx";
import { TableView } from "./TableView.tsx";

/** Pixels of charts that stand side by side, in wide and in narrow windows. */
const widths = [460, 320] as const;

/** A part of a section. */
export function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "text":
      return <p>{block.text}</p>;
    case "note":
      return <p className="note soft">{block.text}</p>;
    case "table":
      return <TableView table={block.table} />;
    case "intervals":
      return <Intervals {...block.chart} />;
    case "timeline":
      return <Timeline {...block.chart} />;
    case "histograms":
      return (
        <div className="charts">
          <FixedWidths value={widths}>
            {block.charts.map((chart, index) => (
              <div className="card" key={index}>
                <h3>{chart.title}</h3>
                <Histogram {...chart} />
              </div>
            ))}
          </FixedWidths>
        </div>
      );
    case "samples":
      return (
        <>
          <h3>{block.title}</h3>
          {block.samples.map((sample, index) => (
            <SampleView key={index} sample={sample} />
          ))}
        </>
      );
  }
}

function SampleView({ sample: { title, isOpen, texts } }: { sample: Sample }) {
  return (
    <details className="sample" open={isOpen}>
      <summary>{title}</summary>
      <dl>
        {texts.map((text) => (
          <div key={text.title}>
            <dt>{text.title}</dt>
            <dd>
              <pre>{text.text}</pre>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
