// A walk past every page in every state that a person can meet, for photographs and for axe.

import { Browser } from "./browser.mjs";
import { Clinic, openAppointment } from "./clinic.mjs";
import { ACCOUNTS } from "./demo.mjs";
import { at, checkDevices, openPanel, press, shown, signIn, write } from "./pages.mjs";
import { RawSignal } from "./signal.mjs";

const LOCALES = { en: "en-GB", fr: "fr-FR" };
const HOUR_US = 3_600_000_000;
const LONG_ANSWER = { en: "Three days of cough, no fever.", fr: "Toux depuis trois jours, sans fièvre." };

/** Goes through a visit with sockets alone, up to its end. */
export async function finishVisit({ doctor, appointment, token }, note) {
  const nobody = new Clinic();
  const patient = await RawSignal.enter(await nobody.expect(200, "POST", "/join", { token }));
  const me = (await patient.until("welcome")).snapshot.me.id;
  const path = `/appointments/${appointment.id}`;
  const host = await RawSignal.enter(await doctor.expect(200, "POST", `${path}/join`));
  await host.until("welcome");
  host.say({ type: "admit", participant: me });
  await patient.until("admitted");
  host.say({ type: "end" });
  await patient.until("bye");
  await patient.untilClosed();
  if (!note) return;
  const { version } = await doctor.expect(200, "PUT", `${path}/note`, { text: note, version: 0 });
  await doctor.expect(200, "POST", `${path}/note/sign`, { version });
}

/** Links that do not open, one of each kind; the word is the code on the page. */
export async function closedLinks() {
  const patient = await Clinic.signIn(ACCOUNTS.patient);
  const doctor = await Clinic.signIn(ACCOUNTS.doctor);
  const later = (slot) => slot.start_us > Date.now() * 1000 + 5 * HOUR_US;
  const early = await patient.book(doctor.me.id, later);
  const cancelled = await patient.book(doctor.me.id, later);
  await patient.expect(200, "POST", `/appointments/${cancelled.id}/cancel`);
  const revoked = await patient.book(doctor.me.id, later);
  await patient.expect(204, "DELETE", `/appointments/${revoked.id}/link`);
  const ended = await openAppointment();
  await finishVisit(ended);
  return {
    too_early: early.link.token,
    cancelled: cancelled.link.token,
    link_revoked: revoked.link.token,
    ended: ended.token,
    not_found: "A".repeat(early.link.token.length),
  };
}

/** The stops in walking order; `visit` leads there and gives the page to look at. */
export function tour(language) {
  const on = {};
  const stops = [];
  const stop = (name, visit) => stops.push({ name, visit });

  const open = async (person) => {
    const browser = await Browser.open(person, { locale: LOCALES[language], bypassCSP: true });
    on.browsers.push(browser);
    return browser.page("/");
  };
  const start = async () => {
    on.browsers = [];
    on.open = await openAppointment();
    on.finished = await openAppointment();
    await finishVisit(on.finished, LONG_ANSWER[language]);
    on.links = await closedLinks();
    on.visitor = await open("guest");
    on.patient = await open("patient");
    on.doctor = await open("doctor");
  };
  const close = async () => {
    for (const browser of on.browsers ?? []) await browser.close();
  };

  visitorStops(stop, on);
  patientStops(stop, on);
  staffStops(stop, on, open);
  visitStops(stop, on, language);
  return { start, stops, close };
}

function visitorStops(stop, on) {
  const to = async (page, path, id) => {
    await page.goto(path);
    await shown(page, id);
    return page;
  };
  stop("welcome", () => to(on.visitor, "/", "nav-login"));
  stop("login", () => to(on.visitor, "/login", "login-email"));
  stop("login-empty", async () => {
    await press(on.visitor, "login-submit");
    await shown(on.visitor, "error");
    return on.visitor;
  });
  stop("help", async () => {
    await on.visitor.goto("/help");
    await on.visitor.locator("main h1").waitFor();
    return on.visitor;
  });
  stop("symptoms", () => to(on.visitor, "/symptoms", "triage-begin"));
  stop("missing", () => to(on.visitor, "/no/such/page", "not-found"));
  for (const code of ["too_early", "cancelled", "link_revoked", "ended", "not_found"])
    stop(`link-${code.replace("_", "-")}`, async () => {
      await on.visitor.goto("/");
      return to(on.visitor, `/join#${on.links[code]}`, "refusal");
    });
}

function patientStops(stop, on) {
  stop("appointments", async () => {
    await signIn(on.patient, ACCOUNTS.patient);
    await shown(on.patient, "appointment-0");
    return on.patient;
  });
  stop("book-doctor", async () => {
    await on.patient.goto("/book");
    await shown(on.patient, "book-doctor-0");
    return on.patient;
  });
  stop("book-time", async () => {
    await on.patient.goto(`/book?doctor=${on.open.doctor.me.id}`);
    await shown(on.patient, "slot");
    return on.patient;
  });
  stop("book-confirm", async () => {
    await press(on.patient, "slot");
    await shown(on.patient, "book-confirm");
    return on.patient;
  });
  stop("booked", async () => {
    await press(on.patient, "book-confirm");
    await shown(on.patient, "booked");
    return on.patient;
  });
  stop("appointment", async () => {
    await on.patient.goto(`/appointments/${on.open.appointment.id}`);
    await shown(on.patient, "cancel");
    return on.patient;
  });
  stop("appointment-cancel", async () => {
    await press(on.patient, "cancel");
    await shown(on.patient, "cancel-confirm");
    return on.patient;
  });
  stop("reschedule", async () => {
    await on.patient.goto(`/appointments/${on.open.appointment.id}/move`);
    await shown(on.patient, "slot");
    return on.patient;
  });
  stop("summary", async () => {
    await on.patient.goto(`/appointments/${on.finished.appointment.id}/summary`);
    await shown(on.patient, "summary-note");
    return on.patient;
  });
  stop("messages", async () => {
    await on.patient.goto("/messages");
    await shown(on.patient, "messages-begin");
    return on.patient;
  });
  stop("messages-begin", async () => {
    await press(on.patient, "messages-begin");
    await shown(on.patient, "begin-send");
    return on.patient;
  });
}

function staffStops(stop, on, open) {
  stop("day", async () => {
    await signIn(on.doctor, ACCOUNTS.doctor);
    await shown(on.doctor, "day-row");
    return on.doctor;
  });
  stop("hours", async () => {
    await on.doctor.goto("/hours");
    await shown(on.doctor, "hours-save");
    return on.doctor;
  });
  stop("work-of-others", async () => {
    on.nurse = await open("guest");
    await signIn(on.nurse, ACCOUNTS.nurse);
    await shown(on.nurse, "tile-nav-patients");
    return on.nurse;
  });
  stop("admin-visits-empty", async () => {
    on.admin = await open("guest");
    await signIn(on.admin, ACCOUNTS.admin);
    await on.admin.locator("main h1").waitFor();
    return on.admin;
  });
}

function visitStops(stop, on, language) {
  stop("device-check-before", async () => {
    await on.patient.goto(`/join#${on.open.token}`);
    await shown(on.patient, "join-start");
    return on.patient;
  });
  stop("device-check", async () => {
    await checkDevices(on.patient);
    return on.patient;
  });
  stop("waiting", async () => {
    await press(on.patient, "enter-waiting");
    await shown(on.patient, "queue-place");
    return on.patient;
  });
  stop("day-with-somebody-waiting", async () => {
    await on.doctor.goto("/day");
    await on.doctor.locator(`[data-id="${on.open.appointment.id}"]`).getByTestId("day-waiting").waitFor();
    return on.doctor;
  });
  stop("doctor-with-somebody-waiting", async () => {
    await on.doctor.goto(`/visit/${on.open.appointment.id}`);
    await checkDevices(on.doctor);
    await press(on.doctor, "enter-waiting");
    await shown(on.doctor, "admit-0");
    return on.doctor;
  });
  stop("doctor-in-the-visit", async () => {
    await press(on.doctor, "admit-0");
    await shown(on.patient, "stage");
    await shown(on.doctor, "tile-patient");
    return on.doctor;
  });
  stop("patient-in-the-visit", async () => {
    await shown(on.patient, "tile-clinician");
    return on.patient;
  });
  stop("patient-chat", async () => {
    await openPanel(on.patient, "toggle-chat", "chat-input");
    await write(on.patient, LONG_ANSWER[language]);
    await shown(on.patient, "chat-message");
    return on.patient;
  });
  stop("doctor-people", async () => {
    await openPanel(on.doctor, "toggle-people", "mute-other");
    return on.doctor;
  });
  stop("doctor-guest", async () => {
    await press(on.doctor, "invite-guest");
    await shown(on.doctor, "guest-name");
    return on.doctor;
  });
  stop("doctor-note", async () => {
    await press(on.doctor, "guest-cancel");
    await openPanel(on.doctor, "toggle-note", "note-text");
    await at(on.doctor, "note-text").fill(LONG_ANSWER[language]);
    return on.doctor;
  });
  stop("admin-visits", async () => {
    await on.admin.locator(`[data-room="${on.open.appointment.room}"]`).waitFor();
    return on.admin;
  });
  stop("admin-calls", async () => {
    await on.admin.goto("/calls");
    const call = on.admin.locator(`[data-testid="call"][data-room="${on.open.appointment.room}"]`);
    await call.getByTestId("plot-rtt").first().waitFor();
    return on.admin;
  });
  stop("admin-telephone", async () => {
    await on.admin.goto("/telephone");
    await shown(on.admin, "contact-add");
    return on.admin;
  });
  stop("admin-nodes", async () => {
    await on.admin.goto("/nodes");
    await shown(on.admin, "nodes-single");
    return on.admin;
  });
  stop("status", async () => {
    await on.admin.goto("/home");
    await on.admin.getByTestId("nav-status").click();
    await on.admin.locator('[data-state="working"]').first().waitFor();
    return on.admin;
  });
  stop("admin-triage-figures", async () => {
    await on.admin.goto("/triage-figures");
    await shown(on.admin, "settings-save");
    return on.admin;
  });
  stop("doctor-end", async () => {
    await press(on.doctor, "end-visit");
    await shown(on.doctor, "end-confirm");
    return on.doctor;
  });
  stop("patient-ended", async () => {
    await press(on.doctor, "end-confirm");
    await shown(on.patient, "ended");
    return on.patient;
  });
  stop("doctor-ended", async () => {
    await shown(on.doctor, "note-sign");
    return on.doctor;
  });
}
