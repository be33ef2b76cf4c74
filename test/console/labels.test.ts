import { describe, expect, test } from "vitest";
import { placeLabels } from "../../console/src/charts/labels.ts";
import { seededRandom } from "../harness/random.ts";

const area = { left: 50, right: 450, top: 20, bottom: 300 };

describe("labels beside points", () => {
  const place = (...named: { x: number; y: number; name: string }[]) => placeLabels(named, named, area);

  test("a name stands at the right of its point, and at the left where only there it is whole", () => {
    const [first, second] = place(
      { x: 100, y: 100, name: "the first" },
      { x: 420, y: 200, name: "the last" },
    );
    expect(first).toMatchObject({ text: "the first", anchor: "start" });
    expect(second).toMatchObject({ text: "the last", anchor: "end" });
  });

  test("of points that stand close, the first has the choice, and those without room have no name", () => {
    const near = Array.from({ length: 12 }, (_, index) => ({ x: 200 + index, y: 150, name: `run ${index}` }));
    const labels = place(...near);
    expect(labels[0]?.text).toBe("run 0");
    expect(labels.filter(Boolean).length).toBeGreaterThan(1);
    expect(labels).toContain(undefined);
  });

  test("a name that is longer than the chart is begun, and no character of it is cut in two", () => {
    const [label] = place({ x: 250, y: 100, name: "🌵".repeat(300) });
    expect(label?.text).toMatch(/^(?:🌵)+…$/u);
  });

  test("a name of wide characters is begun where there is no room for its width", () => {
    const [label] = place({ x: 250, y: 100, name: "模型評估結果".repeat(4) });
    // 191 px beside the point hold 14 characters of 12 px, and the sign that there are more.
    expect(label?.text).toBe(`${"模型評估結果".repeat(4).slice(0, 14)}…`);
  });

  test("none covers another or leaves the chart, wherever the points are", () => {
    const random = seededRandom();
    const suffixes = ["-long", "長い名", "🌵"];
    for (let round = 0; round < 50; round++) {
      const points = Array.from({ length: 30 }, (_, index) => ({
        x: area.left + random() * 400,
        y: area.top + random() * 280,
        name: `run ${index}${suffixes[index % suffixes.length]?.repeat(Math.floor(random() * 8))}`,
      }));
      const boxes = placeLabels(points, points, area).flatMap((label) => {
        if (!label) return [];
        const wide = [...label.text].reduce(
          (sum, each) => sum + (/[長い名…]/.test(each) ? 12 : /🌵/u.test(each) ? 15 : 6.5),
          0,
        );
        const left = label.anchor === "start" ? label.x : label.x - wide;
        return [{ left, right: left + wide, top: label.y - 11, bottom: label.y + 3 }];
      });
      expect(boxes.length).toBeGreaterThan(0);
      for (const [index, one] of boxes.entries()) {
        expect(one.left >= area.left && one.right <= area.right, JSON.stringify(one)).toBe(true);
        const covered = boxes
          .slice(index + 1)
          .filter(
            ({ left, right, top, bottom }) =>
              left < one.right && one.left < right && top < one.bottom && one.top < bottom,
          );
        expect(covered).toEqual([]);
      }
    }
  });
});
