// Words that stand nowhere else, written wherever a person can write one.

import { call, signIn } from "./writers.mjs";

/** What the demo clinic knows of its fictional people. */
export function demoPeople() {
  return [
    ..."Brigitte Eyenga|Eyenga|Aïssatou Mbarga|Mbarga|Gaston Mekongo|Mekongo|Samuel Tchoumi|Tchoumi|Fatimatou|Jean-Paul Essomba|Essomba|Emmanuel Fotso|Ngo Bikoï|Atangana|Hervé Kamdem|Kamdem".split("|"),
    ..."patient@demo.clinic|doctor@demo.clinic|nurse@demo.clinic|pharmacist@demo.clinic".split("|"),
    ..."237699000101|237699000102|237699000103|1968-03-14|1951-11-02".split("|"),
  ];
}

/** Raw bytes of an id, and its text. */
function idForms(id) {
  return [id, Buffer.from(id.replaceAll("-", ""), "hex")];
}

/** Writes everything once. Answers with the words, what may be in clear, and who was refused. */
export async function everything(server) {
  const words = [];
  const known = [];
  const refused = [];
  let written = 0;
  const word = (what) => {
    const text = `Zyxwénoq${words.length} ${what}`;
    words.push(text);
    return text;
  };
  const tokens = new Map();
  const as = async (who) => {
    if (!tokens.has(who)) tokens.set(who, (await signIn(server, `${who}@demo.clinic`)).access_token);
    return tokens.get(who);
  };
  const send = async (who, method, path, body, expected = [200, 201, 204]) => {
    const answer = await call(server, who && (await as(who)), method, path, body);
    written += 1;
    if (!expected.includes(answer.status)) refused.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body ?? answer.error?.message)}`);
    return answer.body ?? {};
  };

  const doctors = await send("patient", "GET", "/doctors");
  const doctor = doctors.find((it) => it.name.includes("Mbarga"));
  const { slots } = await send("patient", "GET", `/doctors/${doctor.id}/slots?from_us=${Date.now() * 1000}&days=3`);
  const wish = { doctor: doctor.id, start_us: slots[0].start_us, reason: word("douleur thoracique") };
  const appointment = await send("patient", "POST", "/appointments", wish);
  known.push(...idForms(appointment.id));
  await send("patient", "POST", `/appointments/${appointment.id}/guests`, { name: word("Invité"), relation: "son" });
  await send("doctor", "PUT", `/appointments/${appointment.id}/note`, { text: word("diabète de type 2"), version: 0 });
  await send("doctor", "POST", `/appointments/${appointment.id}/note/sign`, { version: 1 });

  const { version } = await send("patient", "GET", "/me/notifications");
  words.push("237688123457");
  await send("patient", "PUT", "/me/notifications", { language: "fr", email: true, sms: true, phone: "+237688123457", version });
  const [, moved] = slots;
  await send("patient", "POST", `/appointments/${appointment.id}/reschedule`, { start_us: moved.start_us }, [200, 409]);

  words.push("zyxwenoq.staff@example.org");
  const details = { name: word("Infirmière"), role: "nurse", department: word("Service") };
  await send("admin", "POST", "/admin/people", { email: "zyxwenoq.staff@example.org", details });
  await send("doctor2", "POST", "/break-glass", {
    phone: "+237699000102",
    reason: "other",
    words: word("inconscient"),
  });

  const own = await send("patient", "GET", "/fhir/R4/Patient");
  const patient = own.entry[0].resource.id;
  const medicines = await send("doctor", "GET", "/medicines?q=paracetamol");
  const medicine = (medicines.medicines ?? medicines)[0];
  const line = { medicine: medicine.id, dose: 1, unit: "g", per_day: 2, route: "oral", duration_days: 3, quantity: 6, repeats: 0 };
  const draft = await send("doctor", "POST", "/prescriptions", { patient, lines: [{ ...line, directions: word("avec de l'eau") }], valid_days: 30 });
  const rules = (draft.findings ?? []).filter((it) => it.level === "justify").map((it) => it.rule);
  const reasons = [...new Set(rules)].map((rule) => ({ rule, code: "monitored", text: word("raison") }));
  const signed = await send("doctor", "POST", `/prescriptions/${draft.id}/sign`, { version: draft.version, reasons });
  const sent = await send("doctor", "POST", `/prescriptions/${draft.id}/transmit`, { version: signed.version });
  await send("pharmacist", "POST", `/prescriptions/${draft.id}/refuse`, { version: sent.version, reason: "safety", text: word("refus") });
  words.push(medicine.id);

  const family = word("Famille");
  words.push("237688123458");
  const person = { family, given: word("Prénom"), sex: "female", birth: "1977-09-23", phones: ["+237688123458"], email: "zyxwenoq.patient@example.org" };
  words.push("1977-09-23", person.email);
  const registered = await send("nurse", "POST", "/patients", { details: person, confirmed: true });
  known.push(...idForms(registered.id));
  const condition = { kind: "condition", code: { system: "icd10", code: "E11.9", display: word("diabète") }, clinical: "active", verification: "confirmed" };
  await send("doctor", "POST", `/patients/${patient}/entries`, { fact: condition });
  await send("doctor", "PUT", `/patients/${patient}/draft`, { body: word("brouillon"), version: 0 });
  await send("patient", "POST", `/patients/${patient}/corrections`, { text: word("correction") });
  const order = { patient, tests: ["2823-3"], priority: "routine", reason: word("fatigue"), release: "after_review" };
  await send("doctor", "POST", "/orders", order);

  const question = { people: [doctor.id], subject: word("objet"), text: word("question") };
  const thread = await send("patient", "POST", "/threads", question);
  known.push(...idForms(thread.id));
  await send("doctor", "POST", `/threads/${thread.id}/messages`, { text: word("réponse") });
  return { words, known, refused, written };
}
