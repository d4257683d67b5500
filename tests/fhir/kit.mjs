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

await step("a patient's appointments and prescriptions, and nobody else's", async () => {
  const search = (who, resourceType, searchParams) => who.resourceSearch({ resourceType, searchParams });
  const own = await search(patient, "Appointment", {});
  assert.ok(own.total > 0);
  for (const { resource } of own.entry)
    assert.ok(resource.participant.some((it) => it.actor.reference === `Patient/${me}`));
  const { id } = own.entry[0].resource;
  const read = await patient.read({ resourceType: "Appointment", id });
  assert.equal(JSON.stringify(read), JSON.stringify(own.entry[0].resource));
  assert.equal(await refusal(() => stranger.read({ resourceType: "Appointment", id })), 404);
  const mine = await search(patient, "MedicationRequest", {});
  const named = await search(patient, "MedicationRequest", { patient: me, status: "active,draft,completed" });
  assert.ok(named.total <= mine.total);
  const none = await search(stranger, "MedicationRequest", { patient: me });
  assert.equal(none.total, 0);
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

const doctor = as("doctor");
const person = (family) => ({
  resourceType: "Patient",
  name: [{ family, given: [family === "Kitenge" ? "Marthe" : "Zélie"] }],
  gender: "female",
  birthDate: family === "Kitenge" ? "1962" : "1999-08-07",
  identifier: [{ system: "urn:example:national", value: family }],
});
const measured = (subject, kg) => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "29463-7", display: "Body weight" }] },
  subject: { reference: subject },
  valueQuantity: { value: kg, unit: "kg", code: "kg", system: "http://unitsofmeasure.org" },
});
const post = (fullUrl, resource) => ({
  fullUrl,
  resource,
  request: { method: "POST", url: resource.resourceType },
});
let mine;
let weight;

await step("a transaction makes a patient with facts that refer to her", async () => {
  const name = "urn:uuid:6f3c3b1e-58a4-4a9f-9f43-0d5f6b1c2a01";
  const entry = [
    post("urn:uuid:6f3c3b1e-58a4-4a9f-9f43-0d5f6b1c2a02", measured(name, 64)),
    post(name, person("Kitenge")),
    { request: { method: "GET", url: "Patient?identifier=urn:example:national|Kitenge" } },
  ];
  const body = { resourceType: "Bundle", type: "transaction", entry };
  const done = await doctor.transaction({ body });
  assert.equal(done.type, "transaction-response");
  mine = done.entry[1].resource.id;
  weight = done.entry[0].resource.id;
  assert.equal(done.entry[0].resource.subject.reference, `Patient/${mine}`);
  assert.equal(done.entry[2].resource.entry[0].resource.id, mine);
  const searchParams = { patient: mine };
  const found = await doctor.resourceSearch({ resourceType: "Observation", searchParams });
  assert.deepEqual(found.entry.map((it) => it.resource.id), [weight]);
});

await step("a transaction with one impossible entry leaves nothing", async () => {
  const name = "urn:uuid:6f3c3b1e-58a4-4a9f-9f43-0d5f6b1c2a03";
  const impossible = { ...measured(name, 64), valueQuantity: { value: 64, comparator: "<", unit: "kg" } };
  const entry = [post(name, person("Perdue")), post("urn:uuid:6f3c3b1e-58a4-4a9f-9f43-0d5f6b1c2a04", impossible)];
  const transaction = { resourceType: "Bundle", type: "transaction", entry };
  assert.equal(await refusal(() => doctor.transaction({ body: transaction })), 422);
  const searchParams = { family: "Perdue" };
  const found = await doctor.resourceSearch({ resourceType: "Patient", searchParams });
  assert.equal(found.total, 0);
  const batch = await doctor.batch({ body: { ...transaction, type: "batch", entry: [entry[0]] } });
  assert.equal(batch.entry[0].response.status, "201 Created");
});

await step("create, conditional create and conditional update", async () => {
  const options = { headers: { "If-None-Exist": "identifier=urn:example:national|Kitenge" } };
  const again = await doctor.create({ resourceType: "Patient", body: person("Kitenge"), options });
  assert.equal(again.id, mine);
  assert.equal(Client.httpFor(again).response.status, 200);
  const made = await doctor.create({ resourceType: "Observation", body: measured(`Patient/${mine}`, 65) });
  const { headers, status } = Client.httpFor(made).response;
  assert.equal(status, 201);
  assert.equal(headers.get("location"), `${baseUrl}/Observation/${made.id}/_history/1`);
  assert.ok(headers.get("last-modified").endsWith(" GMT"));
  const searchParams = { identifier: "urn:example:national|Kitenge" };
  const changed = await doctor.update({
    resourceType: "Patient",
    searchParams,
    body: { ...person("Kitenge"), birthDate: "1962-04" },
  });
  assert.equal(changed.birthDate, "1962-04");
  assert.equal(changed.id, mine);
});

await step("update on its version, patch, delete, history", async () => {
  const at = (version) => ({ headers: { "If-Match": `W/"${version}"` } });
  const body = { ...measured(`Patient/${mine}`, 66), id: weight };
  const where = { resourceType: "Observation", id: weight };
  const next = await doctor.update({ ...where, body, options: at(1) });
  assert.equal(next.meta.versionId, "2");
  assert.equal(await refusal(() => doctor.update({ ...where, body, options: at(1) })), 412);
  const jsonPatch = [{ op: "replace", path: "/valueQuantity/value", value: 67 }];
  const patched = await doctor.patch({ ...where, jsonPatch });
  assert.equal(patched.valueQuantity.value, 67);
  await doctor.delete(where);
  const history = await doctor.resourceHistory(where);
  assert.deepEqual(history.entry.map((it) => it.resource.status), [
    "entered-in-error",
    "final",
    "final",
    "final",
  ]);
  assert.equal(await refusal(() => doctor.delete({ resourceType: "Patient", id: mine })), 405);
});

await step("what may not be written is refused with outcomes", async () => {
  const body = measured(`Patient/${me}`, 90);
  assert.equal(await refusal(() => patient.create({ resourceType: "Observation", body })), 403);
  assert.equal(await refusal(() => stranger.create({ resourceType: "Observation", body })), 404);
  const spoiled = { ...person("Fausse"), nonsense: true };
  assert.equal(await refusal(() => doctor.create({ resourceType: "Patient", body: spoiled })), 400);
});

console.log(`${passed} ${failed}`);
