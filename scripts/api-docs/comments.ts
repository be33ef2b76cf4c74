import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";

type Commented = DescEnum | DescEnumValue | DescField | DescMessage | DescMethod | DescService;

// Numbers of fields in descriptor.proto. The path of a declaration leads to the comment before it.
const MESSAGE_TYPE = 4;
const ENUM_TYPE = 5;
const SERVICE = 6;
const FIELD = 2;
const VALUE = 2;
const METHOD = 2;
const SYNTAX = 12;

/** Returns the comment before a declaration, line by line. */
export function commentOf(declared: Commented): string[] {
  return commentAt(fileOf(declared), pathOf(declared));
}

/** Returns the comment at the head of a file, line by line. */
export function headOf(file: DescFile): string[] {
  return commentAt(file, [SYNTAX]);
}

function commentAt({ proto }: DescFile, path: readonly number[]): string[] {
  const wanted = path.join();
  const location = proto.sourceCodeInfo?.location.find((one) => one.path.join() === wanted);
  const lines = (location?.leadingComments ?? "").split("\n").map((line) => line.replace(/^ /, "").trimEnd());
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function pathOf(declared: Commented): number[] {
  switch (declared.kind) {
    case "service":
      return [SERVICE, declared.file.services.indexOf(declared)];
    case "rpc":
      return [...pathOf(declared.parent), METHOD, declared.parent.methods.indexOf(declared)];
    case "message":
      return [MESSAGE_TYPE, declared.file.messages.indexOf(declared)];
    case "field":
      return [...pathOf(declared.parent), FIELD, declared.parent.fields.indexOf(declared)];
    case "enum":
      return [ENUM_TYPE, declared.file.enums.indexOf(declared)];
    case "enum_value":
      return [...pathOf(declared.parent), VALUE, declared.parent.values.indexOf(declared)];
  }
}

function fileOf(declared: Commented): DescFile {
  return "file" in declared ? declared.file : declared.parent.file;
}
