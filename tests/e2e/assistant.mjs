// A patient books, moves and cancels a visit in words; a red flag shows whom to call; what is not
// understood twice goes to a person who finds the talk in the messages.

import assert from "node:assert/strict";

import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, press, shown, signedIn } from "../lib/pages.mjs";
import { isReadable, LARGE, SMALL } from "../lib/readable.mjs";
import { Scenario } from "../lib/steps.mjs";
import { until } from "../lib/wait.mjs";

const DANGER = "J'ai une douleur qui serre dans la poitrine et qui va dans le bras gauche, et je transpire.";
const NONSENSE = ["xqz vbn wrtl", "zzt brr kkl"];
const CONFIRM = /confirmer$/;

const count = (page) => at(page, "assistant-log").getAttribute("data-count");

/** Does something and waits for the answer. */
async function turn(page, act) {
  const before = await count(page);
  await act();
  await until("an answer", async () => (await count(page)) !== before);
}

/** Writes something to the assistant. */
async function tell(page, words) {
  await at(page, "assistant-text").fill(words);
  await turn(page, () => page.keyboard.press("Enter"));
}

/** Takes the first choice, or the first one with these words. */
async function choose(page, words = /./) {
  await turn(page, () => at(page, "assistant-choice").filter({ hasText: words }).first().click());
}

const labels = (page) => at(page, "assistant-choice").allInnerTexts();
const last = (page) => at(page, "assistant-said").last().innerText();

/** Goes on until the assistant asks whether to do it, and says yes. */
async function agree(page) {
  for (let steps = 0; steps < 3 && !(await labels(page)).some((it) => CONFIRM.test(it)); steps += 1) await choose(page);
  await choose(page, CONFIRM);
}

/** The scenario. */
export function assistant() {
  const scenario = new Scenario("The assistant");
  const on = {};

  scenario.step("a patient finds the assistant at home and reads what it is", async () => {
    const { doctor } = await openAppointment();
    on.doctor = doctor.me.name;
    on.page = await signedIn(scenario, "patient", ACCOUNTS.patient, { locale: "fr-FR" });
    await on.page.goto("/home");
    await press(on.page, "tile-nav-assistant");
    await shown(on.page, "assistant-log");
    assert.equal(await at(on.page, "assistant-said").count(), 1);
    assert.ok((await labels(on.page)).length >= 5);
    await isReadable(on.page, "assistant-empty");
  });

  scenario.step("a visit is booked in words, by keyboard, and only after a yes", async () => {
    await tell(on.page, `Je voudrais un rendez-vous avec ${on.doctor}`);
    await tell(on.page, "demain matin");
    assert.ok((await labels(on.page)).length > 1, await last(on.page));
    await choose(on.page);
    assert.match(await last(on.page), /Réserver cette visite/);
    await isReadable(on.page, "assistant-confirm");
    await at(on.page, "assistant-choice").filter({ hasText: CONFIRM }).focus();
    await turn(on.page, () => on.page.keyboard.press("Enter"));
    assert.match(await last(on.page), /C'est réservé/);
    await until("the focus is at the field", () =>
      on.page.evaluate(() => document.activeElement?.id === "assistant-text"),
    );
  });

  scenario.step("it is moved in words", async () => {
    await tell(on.page, "déplacer mon rendez-vous");
    if (/Quelle visite/.test(await last(on.page))) await choose(on.page);
    await tell(on.page, "dans trois jours");
    await agree(on.page);
    assert.match(await last(on.page), /C'est déplacé/);
  });

  scenario.step("it is cancelled after a yes, and a no leaves it", async () => {
    await tell(on.page, "annuler mon rendez-vous");
    if (/Quelle visite/.test(await last(on.page))) await choose(on.page);
    assert.match(await last(on.page), /Annuler cette visite/);
    await tell(on.page, "non");
    assert.match(await last(on.page), /rien n'a été fait/);
    await tell(on.page, "annuler mon rendez-vous");
    await agree(on.page);
    assert.match(await last(on.page), /C'est annulé/);
  });

  scenario.step("what is not understood twice is handed to a person with the talk", async () => {
    await tell(on.page, NONSENSE[0]);
    await tell(on.page, NONSENSE[1]);
    assert.match(await last(on.page), /Transmettre cette conversation/);
    await choose(on.page, CONFIRM);
    const link = at(on.page, "assistant-link").last();
    assert.match(await link.getAttribute("href"), /^\/messages\/[0-9a-f-]{36}$/);
    on.thread = await link.getAttribute("href");
    const nurse = await signedIn(scenario, "guest", ACCOUNTS.nurse);
    await nurse.goto(on.thread);
    await at(nurse, "message").filter({ hasText: NONSENSE[1] }).first().waitFor();
  });

  scenario.step("a red flag shows whom to call, and nothing else is done after it", async () => {
    await tell(on.page, DANGER);
    await shown(on.page, "said-emergency");
    assert.match(await at(on.page, "assistant-link").last().getAttribute("href"), /^tel:\d+$/);
    assert.deepEqual(await labels(on.page), []);
    await isReadable(on.page, "assistant-emergency");
    await on.page.setViewportSize(SMALL);
    await at(on.page, "assistant-send").scrollIntoViewIfNeeded();
    const box = await at(on.page, "assistant-alarm-link").boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= SMALL.height, "whom to call is in sight beside the field");
    await on.page.setViewportSize(LARGE);
    await tell(on.page, "prendre rendez-vous");
    assert.equal(await at(on.page, "said-emergency").count(), 2);
    await on.page.reload();
    await shown(on.page, "said-emergency");
  });

  scenario.step("a new talk forgets the one before", async () => {
    await press(on.page, "assistant-again");
    await until("the talk is new", async () => (await count(on.page)) === "1");
  });
  return scenario;
}
