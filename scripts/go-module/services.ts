import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { itemsOf } from "../contract.ts";
import { comment, head } from "./text.ts";

/** Makes a type for each service, with iterators over the pages and streams that its stub has. */
export function servicesOf(files: readonly DescFile[]): string {
  return [
    head,
    '\nimport (\n\t"context"\n\t"iter"\n\n\t"example.org/llm-test-bench/go/ltbv1"\n)\n',
    ...files.flatMap((file) => file.services).map(typeOf),
  ].join("");
}

function typeOf(service: DescService): string {
  const stub = `${service.name}Client`;
  return [
    `\n${comment(`${service.name} has the calls of [ltbv1.${stub}], and iterators over its pages and streams.`)}`,
    `type ${service.name} struct{ ltbv1.${stub} }\n`,
    ...service.methods.map(iteratorOf),
  ].join("");
}

function iteratorOf(method: DescMethod): string {
  const { name, parent, output } = method;
  const items = itemsOf(method);
  const isStream = method.methodKind === "server_streaming";
  if (!isStream && items === undefined) return "";
  const call = isStream ? `s.${parent.name}Client.${name}` : `s.${name}`;
  if (items === undefined)
    return define(
      method,
      name,
      `${name} yields what the stream brings. One that breaks is resumed after its last message, for as long as it takes; it ends with the context, whose error comes last.`,
      output.name,
      `watch(ctx, request, ${call})`,
    );
  const list = `(*ltbv1.${output.name}).Get${pascal(items.name)}`;
  if (isStream)
    return define(
      method,
      name,
      `${name} yields each of the ${words(items.name)}. A stream that breaks goes on after its last chunk.`,
      items.type,
      `export(ctx, request, ${call}, ${list})`,
    );
  const each = `Iter${name.replace(/^(List|Get)/, "")}`;
  return define(
    method,
    each,
    `${each} yields the ${words(items.name)} of all pages of ${name}, which it reads as they are needed. An error is the last that it yields.`,
    items.type,
    `pages(ctx, request, ${call}, ${list})`,
  );
}

function define(method: DescMethod, name: string, what: string, item: string, body: string): string {
  const { parent, input } = method;
  return [
    `\n${comment(what)}`,
    `func (s ${parent.name}) ${name}(ctx context.Context, request *ltbv1.${input.name}) iter.Seq2[*ltbv1.${item}, error] {\n`,
    `\treturn ${body}\n}\n`,
  ].join("");
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function pascal(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
