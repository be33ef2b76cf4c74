import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { compact, count } from "../parts/format.ts";
import { type SectionNumber, useSectionNumbers } from "./numbers.ts";
import { sections } from "./sections.ts";

/** The ways to the sections of the console, in a narrow window a row that is longer than the window. */
export function SectionBar() {
  const bar = useRef<HTMLElement>(null);
  const router = useRouter();
  const numbers = useSectionNumbers();
  useEffect(() => {
    const showCurrent = () => {
      const current = bar.current?.querySelector("[aria-current]");
      if (bar.current && current) bar.current.scrollLeft += middleOf(current) - middleOf(bar.current);
    };
    // With the next frame, when the page is measured anyway.
    const frame = requestAnimationFrame(showCurrent);
    // The router puts the row where it was on the page before, and says afterwards that the page is there.
    const unsubscribe = router.subscribe("onRendered", ({ pathChanged }) => pathChanged && showCurrent());
    return () => {
      cancelAnimationFrame(frame);
      unsubscribe();
    };
  }, [router]);
  return (
    <nav ref={bar} className="sections" aria-label="Sections">
      <ul>
        {sections.map(({ name, to, begins }) => (
          <li key={to} className={begins ? "begins" : undefined}>
            <Link to={to} activeOptions={{ exact: to === "/" }} activeProps={{ "aria-current": "page" }}>
              {name}
            </Link>
            {numbers
              .filter(({ section }) => section === to)
              .map((number) => (
                <Live key={number.words} {...number} />
              ))}
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Live({ count: number, orMore = false, words, href, isBad }: SectionNumber) {
  const more = orMore ? "+" : "";
  return (
    <a
      href={href}
      className={isBad ? "live-number text-bad" : "live-number"}
      title={`${count(number)}${more} ${words}`}
    >
      {compact(number)}
      {more}
      <span className="hidden"> {words}</span>
    </a>
  );
}

function middleOf(element: Element): number {
  const { left, width } = element.getBoundingClientRect();
  return left + width / 2;
}
