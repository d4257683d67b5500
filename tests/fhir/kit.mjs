// What fhir-kit-client does at our server. Every resource that it is answered goes into ANSWERS; the
// last line counts.

import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";

import { Client } from "fhir-kit-client";

import { BASE } from "../lib/demo.mjs";

const tokens = JSON.parse(process.env.TOKENS);
const baseUrl = `${BASE}/fhir/R4`;

const plain = globalThis.fetch;
globalThis.fetch = async (...request) => {
  const answer = await plain(...request);
  const text = await answer.clone().text();
  if (/fhir\+json/.test(answer.headers.get("content-type") ?? "") && text)
    appendFileSync(process.env.ANSWERS, `${JSON.stringify(JSON.parse(text))}\n`);
  return answer;
};

const as = (name) => new Client({ baseUrl, bearerToken: tokens[name] });
const patient = as("patient4");
const stranger = as("patient2");

let passed = 0;
let failed = 0;
async function step(name, act) {
  try {
    const note = await act();
    passed += 1;
    console.log(`ok     ${name}${typeof note === "string" ? ` - ${note}` : ""}`);
  } catch (error) {
    failed += 1;
    const said = error.response ? `\n       ${JSON.stringify(error.response.data).slice(0, 600)}` : "";
    console.log(`FAILED ${name}\n       ${error.stack?.split("\n").slice(0, 5).join("\n       ")}${said}`);
  }
}

/** The status that an act is refused with. */
async function refusal(act) {
  const answer = await act().then(
    () => assert.fail("was not refused"),
    (error) => error.response ?? assert.fail(error),
  );
  assert.equal(answer.data.resourceType, "OperationOutcome");
  return answer.status;
}

let me;

await step("capabilities", async () => {
  const statement = await new Client({ baseUrl }).capabilityStatement();
  assert.equal(statement.fhirVersion, "4.0.1");
});

await step("a patient finds and reads their own record and nobody else's", async () => {
  const found = await patient.resourceSearch({ resourceType: "Patient", searchParams: {} });
  assert.equal(found.entry.length, 1);
  me = found.entry[0].resource.id;
  const read = await patient.read({ resourceType: "Patient", id: me });
  assert.equal(Client.httpFor(read).response.headers.get("etag"), `W/"${read.meta.versionId}"`);
  assert.equal(await refusal(() => stranger.read({ resourceType: "Patient", id: me })), 404);
});

await step("pages lead on and back to nothing", async () => {
  const searchParams = { patient: me, _count: 10 };
  let bundle = await patient.resourceSearch({ resourceType: "Observation", searchParams });
  const seen = new Set();
  let pages = 0;
  while (bundle) {
    pages += 1;
    for (const { resource } of bundle.entry) seen.add(resource.id);
    bundle = await patient.nextPage({ bundle });
  }
  assert.ok(seen.size >= 27, `${seen.size}`);
  return `${seen.size} observations on ${pages} pages`;
});

await step("a search by form, a version, a history, a reference", async () => {
  const { entry } = await patient.resourceSearch({
    resourceType: "Condition",
    searchParams: { patient: me, code: "http://hl7.org/fhir/sid/icd-10|I10" },
    options: { postSearch: true },
  });
  const { id, subject } = entry[0].resource;
  const version = await patient.vread({ resourceType: "Condition", id, version: "1" });
  assert.equal(version.id, id);
  const history = await patient.resourceHistory({ resourceType: "Condition", id });
  assert.equal(history.type, "history");
  const who = await patient.resolve({ reference: subject.reference });
  assert.equal(who.id, me);
});

await step("everything", async () => {
  const all = await patient.operation({ name: "$everything", resourceType: "Patient", id: me, method: "GET" });
  assert.ok(all.total > 30, `${all.total}`);
});

await step("unknown types and filters are refused with outcomes", async () => {
  assert.equal(await refusal(() => patient.read({ resourceType: "Account", id: me })), 404);
  const searchParams = { patient: me, colour: "red" };
  assert.equal(await refusal(() => patient.resourceSearch({ resourceType: "Observation", searchParams })), 400);
  assert.equal(await refusal(() => new Client({ baseUrl }).read({ resourceType: "Patient", id: me })), 401);
});

console.log(`${passed} ${failed}`);
