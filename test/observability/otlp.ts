import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A span as it came over the wire; ids in hexadecimal. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentId: string;
  name: string;
  kind: number;
  attributes: Record<string, string | number | boolean>;
  links: string[];
  statusCode: number;
  statusMessage: string;
  events: number;
  resource: Record<string, string | number | boolean>;
}

export interface ReceivedMetric {
  name: string;
  unit: string;
  kind: "gauge" | "sum" | "histogram";
  points: number;
}

/** An OTLP collector of this test: what it is sent by HTTP and protobuf. */
export async function collector() {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const bodies: Buffer[] = [];
  const types: (string | undefined)[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
    bodies.push(body);
    types.push(request.headers["content-type"]);
    if (status === 200 && request.url === "/v1/traces") spans.push(...spansOf(body));
    if (status === 200 && request.url === "/v1/metrics") metrics.push(...metricsOf(body));
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    bodies,
    types,
    /** Answers everything from now on with this status. */
    answer(code: number) {
      status = code;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Field = { bytes: Uint8Array; number: bigint };

/** A message by field numbers, whatever it is. */
function fieldsOf(bytes: Uint8Array): Map<number, Field[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Field[]>();
  while (reader.pos < reader.len) {
    const [id, type] = reader.tag();
    const field: Field = { bytes: new Uint8Array(), number: 0n };
    if (type === WireType.LengthDelimited) field.bytes = reader.bytes();
    else if (type === WireType.Varint) field.number = BigInt(reader.uint64());
    else if (type === WireType.Bit64) field.number = BigInt(reader.fixed64());
    else field.number = BigInt(reader.fixed32());
    fields.set(id, [...(fields.get(id) ?? []), field]);
  }
  return fields;
}

const all = (fields: Map<number, Field[]>, id: number) => (fields.get(id) ?? []).map(({ bytes }) => bytes);
const one = (fields: Map<number, Field[]>, id: number) => fields.get(id)?.[0];
const text = (fields: Map<number, Field[]>, id: number) =>
  Buffer.from(one(fields, id)?.bytes ?? []).toString();
const hex = (fields: Map<number, Field[]>, id: number) =>
  Buffer.from(one(fields, id)?.bytes ?? []).toString("hex");

function attributesOf(list: Uint8Array[]): ReceivedSpan["attributes"] {
  return Object.fromEntries(
    list.map((bytes) => {
      const pair = fieldsOf(bytes);
      const value = fieldsOf(one(pair, 2)?.bytes ?? new Uint8Array());
      const number = one(value, 3)?.number;
      const boolean = one(value, 2)?.number;
      const plain =
        number !== undefined ? Number(number) : boolean !== undefined ? boolean === 1n : text(value, 1);
      return [text(pair, 1), plain];
    }),
  );
}

// opentelemetry/proto/trace/v1/trace.proto
function spansOf(body: Uint8Array): ReceivedSpan[] {
  return all(fieldsOf(body), 1).flatMap((resourceBytes) => {
    const ofResource = fieldsOf(resourceBytes);
    const resource = attributesOf(all(fieldsOf(one(ofResource, 1)?.bytes ?? new Uint8Array()), 1));
    return all(ofResource, 2).flatMap((scope) =>
      all(fieldsOf(scope), 2).map((bytes) => {
        const span = fieldsOf(bytes);
        const status = fieldsOf(one(span, 15)?.bytes ?? new Uint8Array());
        return {
          traceId: hex(span, 1),
          spanId: hex(span, 2),
          parentId: hex(span, 4),
          name: text(span, 5),
          kind: Number(one(span, 6)?.number ?? 0),
          attributes: attributesOf(all(span, 9)),
          links: all(span, 13).map((link) => hex(fieldsOf(link), 2)),
          statusCode: Number(one(status, 3)?.number ?? 0),
          statusMessage: text(status, 2),
          events: all(span, 11).length,
          resource,
        };
      }),
    );
  });
}

// opentelemetry/proto/metrics/v1/metrics.proto
function metricsOf(body: Uint8Array): ReceivedMetric[] {
  return all(fieldsOf(body), 1).flatMap((resource) =>
    all(fieldsOf(resource), 2).flatMap((scope) =>
      all(fieldsOf(scope), 2).map((bytes) => {
        const metric = fieldsOf(bytes);
        const kind = metric.has(5) ? "gauge" : metric.has(7) ? "sum" : "histogram";
        const data = one(metric, { gauge: 5, sum: 7, histogram: 9 }[kind])?.bytes ?? new Uint8Array();
        return {
          name: text(metric, 1),
          unit: text(metric, 3),
          kind,
          points: all(fieldsOf(data), 1).length,
        } as const;
      }),
    ),
  );
}
