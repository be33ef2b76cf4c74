import katex from "katex";
import { useEffect, useRef } from "react";

/**
 * A formula as MathML, which needs neither fonts nor styles. KaTeX writes style attributes for two commands,
 * which the policy of the page refuses, so these mean their plain sisters.
 */
export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (element.current) render(tex, element.current, display);
  }, [tex, display]);
  return <span ref={element} className={display ? "formula display" : "formula"} />;
}

function render(tex: string, element: HTMLElement, displayMode: boolean): void {
  try {
    katex.render(tex, element, {
      output: "mathml",
      displayMode,
      trust: false,
      // What KaTeX draws of a mistake has a style attribute, too.
      throwOnError: true,
      errorColor: "currentColor",
      strict: "ignore",
      maxSize: 20,
      maxExpand: 200,
      macros: { "\\pmb": "\\boldsymbol{#1}", "\\fcolorbox": "\\boxed{\\@firstoftwo{#3}{#1#2}}" },
    });
  } catch (error) {
    element.textContent = tex;
    element.title = `not understood: ${String(error).slice(0, 500)}`;
  }
}
