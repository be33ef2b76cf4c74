import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { exampleBodies } from "../../src/cli/grpcurl/example-bodies.ts";
import { grpcurlLine } from "../../src/cli/grpcurl/line.ts";
import { exampleOf, findMethods, ltbMethods, shortName } from "../../src/cli/grpcurl/methods.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { ltb } from "./support.ts";

test("there is an example for exactly the methods there are", () => {
  expect(Object.keys(exampleBodies).sort()).toEqual(ltbMethods.map(shortName).sort());
});

test.for(ltbMethods.map((method) => [shortName(method), method] as const))(
  "the example of %s is a request, in the words of the proto",
  ([, method]) => {
    const body = exampleOf(method);
    const request = fromJson(method.input, body);
    expect(toJson(method.input, request, { useProtoFieldName: true })).toMatchObject(body);
    expect(Object.keys(body).length === 0).toBe(method.input.fields.length === 0);
  },
);

test.for([
  "CreateJob",
  "createjob",
  "JobService/CreateJob",
  "ltb.v1.JobService/CreateJob",
  "JobService.CreateJob",
])("%s is found", (text) => {
  expect(findMethods(text).map(shortName)).toEqual(["JobService/CreateJob"]);
});

test("no two methods have the same name, so that a name alone will do", () => {
  for (const { name } of ltbMethods) expect(findMethods(name), name).toHaveLength(1);
});

test("the line says how to connect", () => {
  const [method] = findMethods("ListJobLimits");
  if (method === undefined) throw new Error("no such method");
  const clear = { address: "localhost:50052", secure: false, key: "$LTB_API_KEY" };
  expect(grpcurlLine(method, exampleOf(method), clear)).toBe(
    `grpcurl -plaintext -H "authorization: Bearer $LTB_API_KEY" -d '{"page_size":10}' localhost:50052 ltb.v1.JobService/ListJobLimits`,
  );
  const secure = {
    ...clear,
    address: "https://bench:50052",
    secure: true,
    tlsCa: "my ca.crt",
    tlsCert: "w.crt",
    tlsKey: "w.key",
    tlsServerName: "ltb",
    proto: "proto",
  };
  expect(grpcurlLine(method, exampleOf(method), secure)).toBe(
    `grpcurl -cacert 'my ca.crt' -cert w.crt -key w.key -servername ltb -H "authorization: Bearer $LTB_API_KEY" ` +
      `-import-path proto -proto ltb/v1/job_service.proto -d '{"page_size":10}' bench:50052 ltb.v1.JobService/ListJobLimits`,
  );
  const [update] = findMethods("UpdateBenchmark");
  expect(update && grpcurlLine(update, exampleOf(update), clear)).toContain(
    `"update_mask":{"paths":["description"]}`,
  );
});

test("the command names the key's file or variable, but never the key", async () => {
  const folder = temporaryFolder();
  const settings = { LTB_DATA_DIR: join(folder, "its data") };
  const unknown = await ltb(["grpcurl", "GetStats"], settings);
  expect(unknown).toMatchObject({ code: 0, stderr: "" });
  expect(unknown.stdout).toContain(`"authorization: Bearer $LTB_API_KEY" localhost:50052`);

  await mkdir(settings.LTB_DATA_DIR);
  await writeFile(join(settings.LTB_DATA_DIR, "admin.key"), "ltb_secret\n");
  const { stdout } = await ltb(["grpcurl", "GetStats"], settings);
  expect(stdout).toMatch(/Bearer \$\(cat '[^']*its data\/admin\.key'\)" localhost/);
  expect(stdout).not.toContain("ltb_secret");
  const elsewhere = await ltb(["grpcurl", "GetStats", "--address", "bench:1"], settings);
  expect(elsewhere.stdout).toContain(`"authorization: Bearer $LTB_API_KEY" bench:1`);
  const given = await ltb(["grpcurl", "GetStats", "--api-key", "ltb_secret", "--json"], settings);
  expect(JSON.parse(given.stdout).command).toContain("$LTB_API_KEY");
  expect(given.stdout).not.toContain("ltb_secret");
});

test("without a method all are listed, and a wrong one is answered with like ones", async () => {
  const all = await ltb(["grpcurl"]);
  expect(all.stdout.trim().split("\n")).toEqual(ltbMethods.map(shortName));
  const wrong = await ltb(["grpcurl", "Limit"]);
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain("did you mean JobService/SetJobLimit");
});

test("a method that everybody may call is called without a key", async () => {
  expect((await ltb(["grpcurl", "Login"])).stdout).not.toContain("authorization");
  expect((await ltb(["grpcurl", "CreateJob"])).stdout).toContain("authorization");
});
