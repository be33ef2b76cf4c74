import { type DescExtension, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The files of some services with everything they import, to be looked up as reflection asks for them. */
export class Descriptors {
  readonly serviceNames: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();
  readonly #extensions: DescExtension[] = [];

  constructor(services: readonly DescService[], otherFiles: readonly DescFile[]) {
    this.serviceNames = services.map(({ typeName }) => typeName).sort();
    for (const file of [...services.map((service) => service.file), ...otherFiles]) this.#add(file);
  }

  /** The file of that name, for example `ltb/v1/job.proto`. */
  file(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares a type, service, method, field or enum value, by full name. */
  fileOfSymbol(name: string): DescFile | undefined {
    return this.#bySymbol.get(name);
  }

  /** Extensions of the message of that full name. */
  extensionsOf(typeName: string): DescExtension[] {
    return this.#extensions.filter(({ extendee }) => extendee.typeName === typeName);
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      this.#bySymbol.set(type.typeName, file);
      if (type.kind === "service") {
        for (const { name } of type.methods) this.#bySymbol.set(`${type.typeName}.${name}`, file);
      } else if (type.kind === "message") {
        for (const { name } of type.fields) this.#bySymbol.set(`${type.typeName}.${name}`, file);
      } else if (type.kind === "enum") {
        // Values are siblings of their enum in the scope of names.
        const scope = type.typeName.slice(0, -type.name.length);
        for (const { name } of type.values) this.#bySymbol.set(`${scope}${name}`, file);
      } else {
        this.#extensions.push(type);
      }
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}

/** The file, followed by all it imports, as `FileDescriptorProto`s without comments. */
export function encodeWithImports(file: DescFile): Uint8Array[] {
  const files = new Set([file]);
  // A set is iterated including what is added on the way.
  for (const { dependencies } of files) for (const dependency of dependencies) files.add(dependency);
  return [...files].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}
