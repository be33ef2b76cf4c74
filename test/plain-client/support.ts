import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type ChannelOptions, Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";

type Method<I extends DescMessage, O extends DescMessage> = DescMethod & { input: I; output: O };

/** grpc-js as it comes, without what our own client adds. */
export function plainClient(target: string, options: ChannelOptions = {}): Client {
  const client = new Client(target, credentials.createInsecure(), {
    // Otherwise channels with the same options share a connection, also those of other tests.
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

const path = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;
const bytes = (value: Uint8Array) => Buffer.from(value);

/** A unary call: its answer or its status, and which server it was. */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: Method<I, O>,
  request: MessageInitShape<I>,
  { deadlineMs = 10_000 } = {},
): Promise<{ answer: MessageShape<O> | undefined; error: ServiceError | null; peer: string }> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      path(method),
      (message: MessageShape<I>) => bytes(toBinary(method.input, message)),
      (raw: Buffer) => fromBinary(method.output, raw),
      create(method.input, request),
      { deadline: Date.now() + deadlineMs },
      (error, answer) => resolve({ answer, error, peer: call.getPeer() }),
    );
  });
}

/** Opens a stream of answers. It ends with its client. */
export function openStream<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: Method<I, O>,
  request: MessageInitShape<I>,
) {
  const stream = client.makeServerStreamRequest(
    path(method),
    (message: MessageShape<I>) => bytes(toBinary(method.input, message)),
    (raw: Buffer) => fromBinary(method.output, raw),
    create(method.input, request),
  );
  stream.on("error", () => undefined);
  return stream;
}
