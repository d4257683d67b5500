// An order from the doctor to the laboratory, its critical value back to the doctor, and what the
// patient reads of it.

import assert from "node:assert/strict";

import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const POTASSIUM = "2823-3";

/** The scenario. */
export function results() {
  const scenario = new Scenario("Orders and results");
  const on = {};
  scenario.step("a doctor orders a test for a patient of hers", async () => {
    await openAppointment();
    on.doctor = await signedIn(scenario, "doctor", ACCOUNTS.doctor);
    await on.doctor.goto("/orders/new");
    await shown(on.doctor, "order-send");
    await isReadable(on.doctor);
    await press(on.doctor, "order-send");
    await shown(on.doctor, "order-incomplete");
    await at(on.doctor, "order-patient").selectOption({ label: "Brigitte Eyenga" });
    await at(on.doctor, "order-search").fill("potass");
    await at(on.doctor, `test-${POTASSIUM}`).check();
    await at(on.doctor, "order-reason").fill("Palpitations");
    await at(on.doctor, "order-priority").selectOption("stat");
    await press(on.doctor, "order-send");
    await on.doctor.waitForURL(/\/results$/);
  });
  scenario.step("the technician enters a critical value and verifies it", async () => {
    on.lab = await signedIn(scenario, "guest", "lab@demo.clinic");
    await on.lab.goto("/worklist");
    const work = on.lab.getByTestId("work").first();
    await work.getByTestId("work-collect").click();
    await until("the specimen is noted", async () => (await work.getAttribute("data-stage")) === "collected");
    await work.getByTestId("work-enter").click();
    await work.getByTestId("value-number").fill("6,8");
    await until("the value is judged while it is typed", async () =>
      (await work.getByTestId("verdict").getAttribute("class")).includes("critical"),
    );
    await isReadable(on.lab);
    await work.getByTestId("work-save").click();
    await until("the values are saved", async () => (await work.getAttribute("data-stage")) === "preliminary");
    await work.getByTestId("work-verify").click();
    await until("the result is verified", async () => (await work.getAttribute("data-stage")) === "final");
  });
  scenario.step("a result that waits is compared with a record, and confirmed before it is filed", async () => {
    const waiting = {
      id: "00000000-0000-7000-8000-000000000009",
      version: 1,
      received_us: 1_795_420_800_000_000,
      reason: "several_patients",
      sender: "LABO",
      service: "Ionogramme",
      placer: "",
      person: {
        name: "BRIGITTE EYENGA",
        birth: "1980-02-03",
        sex: "female",
        identifiers: ["L-1 (LABO)"],
        phones: [],
      },
      lines: [{ name: "Potassium", code: POTASSIUM, value: "4.6", unit: "mmol/L", status: "final" }],
      candidates: [
        {
          patient: "00000000-0000-7000-8000-000000000001",
          person: { name: "Brigitte Eyenga", sex: "female", birth: "1980-02-03", age_years: 46 },
          fits: { identifier: true, phone: false, name: true, birth: true },
          orders: [],
        },
        {
          patient: "00000000-0000-7000-8000-000000000002",
          person: { name: "Brigitte Eyengue", sex: "female", birth: "1981-02-03", age_years: 45 },
          fits: { identifier: true, phone: false, birth: false },
          orders: [
            {
              id: "00000000-0000-7000-8000-000000000003",
              ordered_us: 1_795_420_800_000_000,
              tests: [POTASSIUM],
              named: false,
            },
          ],
        },
      ],
    };
    const filed = [];
    await on.lab.route(/\/api\/v1\/results\/unmatched/, async (route) => {
      const request = route.request();
      if (request.method() === "POST") {
        filed.push(request.postDataJSON());
        const { patient } = waiting.candidates[0];
        await route.fulfill({ json: { order: waiting.id, patient } });
      } else {
        await route.fulfill({ json: filed.length > 0 ? [] : [waiting] });
      }
    });
    await on.lab.goto("/results-to-assign");
    await shown(on.lab, "unmatched");
    await isReadable(on.lab);
    const first = on.lab.getByTestId("candidate").first();
    await first.getByTestId("unmatched-file").click();
    assert.deepEqual(filed, [], "nothing is filed before it is confirmed");
    await on.lab.getByTestId("unmatched-file-confirm").click();
    await until("the result is filed", () => filed.length === 1);
    assert.deepEqual(filed, [{ version: 1, patient: waiting.candidates[0].patient }]);
    await on.lab.getByTestId("unmatched").waitFor({ state: "detached" });
    await isReadable(on.lab);
    await on.lab.unroute(/\/api\/v1\/results\/unmatched/);
  });
  scenario.step("before the doctor read it the patient sees nothing", async () => {
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient);
    await on.patient.goto("/my-results");
    await shown(on.patient, "empty");
    await isReadable(on.patient);
  });
  scenario.step("the doctor sees it first, and says the value back", async () => {
    await on.doctor.goto("/results");
    const first = on.doctor.getByTestId("result").first();
    await until("the critical value is on top", async () => (await first.getAttribute("data-critical")) === "true");
    await isReadable(on.doctor);
    await first.getByTestId("said").fill("5,8");
    await first.getByTestId("seen").click();
    await shown(on.doctor, "said-wrong");
    await first.getByTestId("said").fill("6,8");
    await first.getByTestId("seen").click();
    await until("it is read", async () => (await on.doctor.getByTestId("seen").count()) === 0);
  });
  scenario.step("the patient reads it, with its meaning and how it went", async () => {
    await on.patient.goto("/my-results");
    await shown(on.patient, "my-result");
    assert.match(await at(on.patient, "my-value").first().innerText(), /6[.,]8/);
    await press(on.patient, "trend");
    await shown(on.patient, "trend-picture");
    await isReadable(on.patient);
  });
  return scenario;
}
