// The R4 validator of the npm package `fhir`: one resource a line in, one list of complaints a line out.

import { createInterface } from "node:readline";

import fhir from "fhir";

const validator = new fhir.Fhir();

// Warnings are about value sets that the package does not have; an unknown element is one as well.
const counts = ({ severity, message }) =>
  severity === "error" || severity === "fatal" || message === "Unexpected property";

for await (const line of createInterface({ input: process.stdin })) {
  const { messages } = validator.validate(JSON.parse(line));
  const complaints = messages.filter(counts).map((it) => `${it.resourceId} ${it.location}: ${it.message}`);
  console.log(JSON.stringify(complaints));
}
