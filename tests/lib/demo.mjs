// Who works and who is treated in the demo clinic, and where it is.

export const BASE = process.env.BASE_URL;
export const PASSWORD = process.env.DEMO_PASSWORD ?? "demo-clinic-2026";

export const ACCOUNTS = {
  patient: "patient@demo.clinic",
  doctor: "doctor@demo.clinic",
  admin: "admin@demo.clinic",
  nurse: "nurse@demo.clinic",
  pharmacist: "pharmacist@demo.clinic",
  /** Has a diabetes and a high glucose in the record. */
  diabetic: "patient2@demo.clinic",
};
