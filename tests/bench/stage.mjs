// A doctor and a patient in a visit, for measuring.

import { Browser } from "../lib/browser.mjs";
import { openAppointment } from "../lib/clinic.mjs";
import { ACCOUNTS } from "../lib/demo.mjs";
import { at, checkDevices, press, shown, signIn } from "../lib/pages.mjs";

/** The doctor in the room, and a patient's link that has been admitted once. */
export async function stage() {
  const open = await openAppointment();
  const doctor = await Browser.open("doctor");
  const doctorPage = await doctor.page();
  await signIn(doctorPage, ACCOUNTS.doctor);
  await doctorPage.goto(`/visit/${open.appointment.id}`);
  await checkDevices(doctorPage);
  await press(doctorPage, "enter-waiting");
  await shown(doctorPage, "stage");
  const patient = await Browser.open("patient");
  const patientPage = await patient.page(`/join#${open.token}`);
  await checkDevices(patientPage);
  await press(patientPage, "enter-waiting");
  await shown(doctorPage, "admit-0");
  await press(doctorPage, "admit-0");
  await shown(patientPage, "stage");
  await at(patientPage, "tile-clinician").first().waitFor();
  return { ...open, doctor, doctorPage, patient, patientPage };
}
