// A symptom check to an emergency, to care at home and to a booked visit, in both languages; the doctor
// sees it in the visit, accepts one and rejects one; administrators see figures without names.

import assert from "node:assert/strict";

import { Browser } from "../lib/browser.mjs";
import { Clinic, openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS, PASSWORD } from "../lib/demo.mjs";
import { at, checkDevices, openPanel, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable, LARGE, SMALL } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const LOCALES = { en: "en-GB", fr: "fr-FR" };
const DANGER = {
  en: "I have a crushing pain in the chest that goes into my left arm, and I am sweating.",
  fr: "J'ai une douleur qui serre dans la poitrine et qui va dans le bras gauche, et je transpire.",
};
const COLD = {
  en: "I have a runny nose, I sneeze and my throat is a bit sore since yesterday.",
  fr: "J'ai le nez qui coule, j'éternue et j'ai un peu mal à la gorge depuis hier.",
};
const BURNING = {
  en: "It burns when I pass urine and I have to go very often, since three days.",
  fr: "Ça brûle quand j'urine et je dois y aller très souvent, depuis trois jours.",
};
const NONSENSE = "xqz vbn wrtl";
/** More questions than there are. */
const STEPS_MAX = 20;
/** What may stand on the screen after an answer. */
const STANDS = '[data-testid="triage-progress"],[data-testid="triage-show"],[data-testid="triage-result"],[data-testid="triage-unclear"]';

/** Waits for the answer to the last step; `before` is the heading that was there. */
async function moved(page, before) {
  await until("the next screen", async () => (await page.locator("main h1").innerText()) !== before);
  await page.locator(STANDS).first().waitFor();
}

/** Presses something that leads to another screen. */
async function step(page, id) {
  const before = await page.locator("main h1").innerText();
  await press(page, id);
  await moved(page, before);
}

/** Begins as a visitor of 34 years, and says what is wrong. */
async function tell(page, words, sex = "") {
  await page.goto("/symptoms");
  await at(page, "triage-age").fill("34");
  if (sex) await at(page, "triage-sex").selectOption(sex);
  await press(page, "triage-begin");
  await shown(page, "complaint");
  await at(page, "complaint").fill(words);
  await step(page, "complaint-send");
}

/** Answers everything that is asked, and asks for the result. */
async function answerAll(page, answer = "answer-no") {
  for (let n = 0; n < STEPS_MAX; n += 1) {
    if (await at(page, "triage-result").isVisible()) return;
    if (await at(page, "triage-show").isVisible()) await step(page, "triage-show");
    else await step(page, answer);
  }
  throw new Error(`no result after ${STEPS_MAX} steps`);
}

/** Waits until a field says that something is wrong with it. */
async function faulty(page, id) {
  await until(`${id} is refused`, async () => (await at(page, id).getAttribute("aria-invalid")) === "true");
}

async function disposition(page) {
  return (await shown(page, "triage-result")).getAttribute("data-disposition");
}

/** Books the first time of the first doctor with whom it is offered. */
async function bookIt(page, doctorName) {
  await page.goto("/book");
  await page.locator('[data-testid^="book-doctor-"]').filter({ hasText: doctorName }).click();
  await press(page, "slot");
  await shown(page, "carrying");
  await isReadable(page, "booking with a check");
  await press(page, "book-confirm");
  await shown(page, "booked");
  await shown(page, "carried");
  return page.url().split("/").at(-2);
}

/** The scenario. */
export function triage() {
  const scenario = new Scenario("Symptom checks");
  const on = {};
  const visitors = (language, name, act) =>
    scenario.step(`${name} (${language})`, async () => {
      on[language] ??= await scenario
        .keep(await Browser.open("guest", { bypassCSP: true, locale: LOCALES[language] }))
        .page();
      await act(on[language], language);
    });

  for (const language of ["en", "fr"]) {
    visitors(language, "the number to call is in sight from the welcome page on", async (page) => {
      await page.goto("/");
      await press(page, "symptoms-link");
      const call = await shown(page, "triage-call");
      assert.match(await call.getAttribute("href"), /^tel:\d+$/);
      await isReadable(page, `symptoms-${language}`);
      await press(page, "triage-begin");
      await faulty(page, "triage-age");
    });
    visitors(language, "a visitor with pain in the chest is told to call", async (page) => {
      await tell(page, DANGER[language], "male");
      await answerAll(page, "answer-yes");
      assert.equal(await disposition(page), "emergency");
      const call = at(page, "triage-call").first();
      assert.match(await call.getAttribute("href"), /^tel:\d+$/);
      await page.setViewportSize(SMALL);
      assert.ok((await call.boundingBox()).height >= 60, "the button is large");
      await isReadable(page, `emergency-${language}`);
    });
    visitors(language, "a visitor with a cold is told how to look after it at home", async (page) => {
      await tell(page, COLD[language], "female");
      await isReadable(page, `question-${language}`);
      await answerAll(page);
      assert.equal(await disposition(page), "self_care");
      await shown(page, "triage-advice");
      await shown(page, "triage-come-back");
      await isReadable(page, `self-care-${language}`);
    });
    visitors(language, "what is not understood leads to a person", async (page) => {
      await tell(page, NONSENSE);
      await shown(page, "triage-unclear");
      await isReadable(page, `unclear-${language}`);
      await press(page, "triage-again");
      assert.equal(await at(page, "complaint").inputValue(), NONSENSE);
    });
  }

  scenario.step("a story that is too long is refused before it is sent", async () => {
    await at(on.en, "complaint").fill("a ".repeat(1_100));
    await press(on.en, "complaint-send");
    await faulty(on.en, "complaint");
    assert.match(await at(on.en, "complaint-left").innerText(), /^0 /);
  });

  scenario.step("a patient answers by keyboard, goes back, changes an answer and comes back later", async () => {
    const { doctor } = await openAppointment();
    on.doctorName = doctor.me.name;
    on.patient = await signedIn(scenario, "patient", ACCOUNTS.patient, { locale: LOCALES.fr });
    await on.patient.goto("/home");
    await press(on.patient, "tile-nav-symptoms");
    await shown(on.patient, "whom-me");
    await isReadable(on.patient, "symptoms-patient");
    await press(on.patient, "triage-begin");
    await shown(on.patient, "complaint");
    await isReadable(on.patient, "complaint");
    await at(on.patient, "complaint").fill(BURNING.fr);
    await step(on.patient, "complaint-send");
    await until("the focus is at the question", () =>
      on.patient.evaluate(() => document.activeElement?.tagName === "H1"),
    );
    const first = await on.patient.locator("main h1").innerText();
    await at(on.patient, "answer-no").focus();
    await on.patient.keyboard.press("Enter");
    await moved(on.patient, first);
    assert.equal(await at(on.patient, "triage-answer").count(), 1);
    await step(on.patient, "triage-back");
    assert.equal(await on.patient.locator("main h1").innerText(), first, "back is where it was");
    await step(on.patient, "answer-unknown");
    await press(on.patient, "triage-change");
    await shown(on.patient, "triage-changing");
    assert.equal(await at(on.patient, "answer-unknown").getAttribute("aria-pressed"), "true");
    await isReadable(on.patient, "change");
    await press(on.patient, "answer-no");
    await at(on.patient, "triage-answer").first().waitFor();
    await press(on.patient, "triage-why");
    await isReadable(on.patient, "question-answered");
    await press(on.patient, "triage-later");
    await on.patient.waitForURL(/\/home$/);
    await on.patient.goto("/symptoms");
    await press(on.patient, "triage-resume");
    await at(on.patient, "triage-answer").first().waitFor();
  });
  scenario.step("the questions follow the language of the page", async () => {
    const before = await on.patient.locator("main h1").innerText();
    await press(on.patient, "lang-en");
    await moved(on.patient, before);
    await press(on.patient, "lang-fr");
    await until("the question is French again", async () => (await on.patient.locator("main h1").innerText()) === before);
  });
  scenario.step("the result leads to a visit that carries it (fr)", async () => {
    await answerAll(on.patient);
    assert.match(await disposition(on.patient), /^(urgent|routine)$/);
    assert.equal(await at(on.patient, "triage-behind").count(), 0, "no causes before the clinic shows them");
    await isReadable(on.patient, "visit-fr");
    await press(on.patient, "triage-book");
    await on.patient.waitForURL(/\/book/);
    on.first = await bookIt(on.patient, on.doctorName);
  });
  scenario.step("a visitor signs in, and the answers come along into the booking (en)", async () => {
    await tell(on.en, BURNING.en, "female");
    await answerAll(on.en);
    assert.match(await disposition(on.en), /^(urgent|routine)$/);
    await isReadable(on.en, "visit-en");
    await press(on.en, "triage-sign-in");
    await at(on.en, "login-email").fill(ACCOUNTS.diabetic);
    await at(on.en, "login-password").fill(PASSWORD);
    await press(on.en, "login-submit");
    await on.en.waitForURL(/\/symptoms\?check=[0-9a-f-]{36}$/);
    await press(on.en, "triage-book");
    await on.en.waitForURL(/\/book/);
    on.second = await bookIt(on.en, on.doctorName);
  });

  scenario.step("the doctor sees it in the visit, and accepts it", async () => {
    on.doctor = await signedIn(scenario, "doctor", ACCOUNTS.doctor, { locale: LOCALES.fr });
    await on.doctor.goto(`/visit/${on.first}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    await shown(on.doctor, "stage");
    await openPanel(on.doctor, "toggle-triage", "triage-sight");
    await shown(on.doctor, "triage-summary");
    assert.ok((await at(on.doctor, "triage-hypothesis").count()) > 0);
    await isReadable(on.doctor, "doctor-visit");
    const first = at(on.doctor, "triage-hypothesis").first();
    await first.getByTestId("triage-accept").click();
    await press(on.doctor, "triage-judge-send");
    await at(on.doctor, "triage-feedback").first().waitFor();
    await at(on.doctor, "triage-judging").getByTestId("triage-accept").click();
    await press(on.doctor, "triage-judge-send");
    await until("both are kept", async () => (await at(on.doctor, "triage-feedback").count()) === 2);
  });
  scenario.step("what the doctor takes over stands in the draft of the note", async () => {
    await press(on.doctor, "triage-take");
    await shown(on.doctor, "triage-noted");
    await press(on.doctor, "toggle-note");
    await until("the note has it", async () => (await at(on.doctor, "note-text").inputValue()).length > 40);
    await on.doctor.setViewportSize(SMALL);
    await press(on.doctor, "panel-close");
    await press(on.doctor, "toggle-triage");
    await shown(on.doctor, "triage-sight");
    await isReadable(on.doctor, "doctor-visit-small");
    await on.doctor.setViewportSize(LARGE);
  });
  scenario.step("the doctor rejects the other one, not without a reason", async () => {
    await on.doctor.goto(`/appointments/${on.second}`);
    await shown(on.doctor, "triage-sight");
    await at(on.doctor, "triage-judging").getByTestId("triage-reject").click();
    await press(on.doctor, "triage-judge-send");
    await faulty(on.doctor, "triage-why-judge");
    await isReadable(on.doctor, "doctor-reject");
    await at(on.doctor, "triage-why-judge").fill("La patiente prend déjà un antibiotique.");
    await press(on.doctor, "triage-judge-send");
    await at(on.doctor, "triage-feedback").filter({ hasText: "antibiotique" }).waitFor();
  });
  scenario.step("nobody else reads it", async () => {
    for (const email of ["doctor2@demo.clinic", ACCOUNTS.pharmacist, ACCOUNTS.admin]) {
      const other = await Clinic.signIn(email);
      const answer = await other.call("GET", `/appointments/${on.first}/triage`);
      assert.ok([403, 404].includes(answer.status), `${email}: ${answer.status}`);
    }
  });
  scenario.step("administrators see agreement over time, without names", async () => {
    on.admin = await signedIn(scenario, "guest", ACCOUNTS.admin);
    await on.admin.goto("/triage-figures");
    const agreement = await shown(on.admin, "sum-agreement");
    assert.match(await agreement.innerText(), /\d+ %/);
    await shown(on.admin, "plot-agreement");
    assert.ok((await at(on.admin, "plot-agreement").locator("circle").count()) > 1, "a curve");
    await at(on.admin, "figures-table").locator("summary").click();
    await shown(on.admin, "evaluation");
    await isReadable(on.admin, "figures");
    const text = await on.admin.locator("main").innerText();
    for (const name of [on.doctorName, "Eyenga"]) assert.ok(!text.includes(name), name);
  });
  scenario.step("patients see possible causes only once the clinic says so", async () => {
    await at(on.admin, "settings-show").check();
    await press(on.admin, "settings-save");
    await at(on.admin, "toast").filter({ hasText: /\S/ }).waitFor();
    await tell(on.fr, BURNING.fr, "female");
    await answerAll(on.fr);
    await shown(on.fr, "triage-behind");
    await isReadable(on.fr, "causes");
  });
  return scenario;
}
