//! From the grid of a message to what a laboratory reports.

use crate::{
    Fault, Header, Message, Observation, ObservationStatus, OrderGroup, PatientGroup, Person,
    PersonIdentifier, ReadError, Report, Segment, Sex, Stamp, Value,
};

/// The versions that are read.
const VERSIONS: [&str; 6] = ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6"];

/// A segment with its place, for errors.
#[derive(Clone, Copy)]
struct At<'a> {
    segment: Segment<'a>,
    name: &'static str,
    occurrence: usize,
}

impl At<'_> {
    const fn wrong(self, field: usize, fault: Fault) -> ReadError {
        ReadError::Field {
            segment: self.name,
            occurrence: self.occurrence,
            field,
            fault,
        }
    }

    fn stamp(self, field: usize) -> Result<Option<Stamp>, ReadError> {
        let text = self.segment.field(field).component(1);
        if text.is_empty() {
            return Ok(None);
        }
        let stamp = Stamp::parse(&text).ok_or_else(|| self.wrong(field, Fault::Form))?;
        Ok(Some(stamp))
    }
}

fn digits(text: &str, from: usize, to: usize) -> Option<i16> {
    let part = text.get(from..to)?;
    if part.bytes().all(|it| it.is_ascii_digit()) {
        part.parse().ok()
    } else {
        None
    }
}

fn within(number: i16, low: i16, high: i16) -> Option<i8> {
    if (low..=high).contains(&number) {
        i8::try_from(number).ok()
    } else {
        None
    }
}

impl Stamp {
    /// `YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+-ZZZZ]`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sign = text.find(['+', '-']);
        let (main, zone) = text.split_at_checked(sign.unwrap_or(text.len()))?;
        let (main, fraction) = main.split_once('.').unwrap_or((main, "0"));
        let has_fraction = main.len() == 14 || fraction == "0";
        if !has_fraction || fraction.is_empty() || !fraction.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        if !matches!(main.len(), 4 | 6 | 8 | 10 | 12 | 14) {
            return None;
        }
        let part = |from: usize, low: i16, high: i16| {
            if main.len() < from + 2 {
                return Some(None);
            }
            within(digits(main, from, from + 2)?, low, high).map(Some)
        };
        let (month, day) = (part(4, 1, 12)?, part(6, 1, 31)?);
        let hour = part(8, 0, 23)?;
        let (minute, second) = (part(10, 0, 59)?, part(12, 0, 59)?);
        let offset_minutes = match zone.split_at_checked(1) {
            None => None,
            Some((sign, at)) if at.len() == 4 => {
                let hours = i16::from(within(digits(at, 0, 2)?, 0, 14)?);
                let minutes = i16::from(within(digits(at, 2, 4)?, 0, 59)?);
                let east = hours * 60 + minutes;
                Some(if sign == "-" { -east } else { east })
            }
            Some(_) => return None,
        };
        Some(Self {
            year: digits(main, 0, 4)?,
            month,
            day,
            time: hour.map(|hour| (hour, minute.unwrap_or(0), second.unwrap_or(0))),
            offset_minutes,
        })
    }
}

fn header(message: &Message, segment: Segment<'_>) -> Result<Header, ReadError> {
    let at = At {
        segment,
        name: "MSH",
        occurrence: 1,
    };
    let kind = segment.field(9);
    let is_result = kind.component(1) == "ORU" && matches!(kind.component(2).as_str(), "R01" | "");
    if !is_result {
        return Err(at.wrong(9, Fault::Unsupported));
    }
    let control_id = segment.field(10).text();
    if control_id.is_empty() {
        return Err(at.wrong(10, Fault::Missing));
    }
    let version = segment.field(12).component(1);
    if !VERSIONS.contains(&version.as_str()) {
        return Err(at.wrong(12, Fault::Unsupported));
    }
    // A message that trains or tests somebody is not about a patient.
    if !matches!(segment.field(11).component(1).as_str(), "P" | "") {
        return Err(at.wrong(11, Fault::Unsupported));
    }
    Ok(Header {
        sending_application: segment.field(3).component(1),
        sending_facility: segment.field(4).component(1),
        receiving_application: segment.field(5).component(1),
        receiving_facility: segment.field(6).component(1),
        processing: segment.field(11).component(1),
        control_id,
        version,
        charset: message.charset(),
    })
}

fn person(at: At<'_>) -> Result<Person, ReadError> {
    let segment = at.segment;
    let identifiers = segment.field(3).repetitions().map(|it| PersonIdentifier {
        value: it.component(1),
        namespace: it.subcomponent(4, 1),
        universal: it.subcomponent(4, 2),
        universal_type: it.subcomponent(4, 3),
        kind: it.component(5),
    });
    let name = segment.field(5);
    let others = name.component(3);
    let mut given = name.component(2);
    if !others.is_empty() {
        given.push(' ');
        given.push_str(&others);
    }
    let phones = [13, 14]
        .into_iter()
        .flat_map(|number| segment.field(number).repetitions())
        // The whole number since version 2.7 and before 2.5; in parts between them.
        .map(|it| match (it.component(12), it.component(1)) {
            (whole, _) if !whole.is_empty() => whole,
            (_, whole) if !whole.is_empty() => whole,
            _ => {
                let parts = [it.component(5), it.component(6), it.component(7)];
                let country = if parts.first().is_some_and(|it| !it.is_empty()) {
                    "+"
                } else {
                    ""
                };
                format!("{country}{}", parts.concat())
            }
        })
        .filter(|it| !it.is_empty());
    Ok(Person {
        identifiers: identifiers.filter(|it| !it.value.is_empty()).collect(),
        family: name.subcomponent(1, 1),
        given,
        birth: at.stamp(7)?,
        sex: match segment.field(8).component(1).as_str() {
            "F" => Sex::Female,
            "M" => Sex::Male,
            "O" | "A" => Sex::Other,
            "U" | "N" | "" => Sex::Unknown,
            _ => return Err(at.wrong(8, Fault::Form)),
        },
        phones: phones.collect(),
    })
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    unsigned.bytes().any(|it| it.is_ascii_digit()) && all_digits(whole) && all_digits(fraction)
}

fn value(at: At<'_>) -> Result<Value, ReadError> {
    let field = at.segment.field(5);
    if field.is_empty() {
        return Ok(Value::None);
    }
    let number = |text: String| {
        let text = text.trim().to_owned();
        if is_number(&text) {
            Ok(Value::Number(text))
        } else {
            Err(at.wrong(5, Fault::Form))
        }
    };
    match at.segment.field(2).component(1).as_str() {
        "NM" if field.repetitions().count() > 1 => Err(at.wrong(5, Fault::Unsupported)),
        "NM" => number(field.text()),
        "SN" => {
            let parts: [String; 4] = core::array::from_fn(|it| field.component(it + 1));
            let [comparator, first, separator, second] = &parts;
            for it in [first, second] {
                if !it.is_empty() && !is_number(it) {
                    return Err(at.wrong(5, Fault::Form));
                }
            }
            let is_plain = separator.is_empty() && second.is_empty();
            if is_plain && matches!(comparator.as_str(), "" | "=") {
                return number(first.clone());
            }
            Ok(Value::Structured(parts.concat()))
        }
        "ST" | "TX" | "FT" => Ok(Value::Text(field.text())),
        "CE" | "CWE" | "CNE" => Ok(Value::Coded {
            code: field.component(1),
            text: match (field.component(2), field.component(9)) {
                (text, own) if text.is_empty() => own,
                (text, _) => text,
            },
            system: field.component(3),
        }),
        "" => Err(at.wrong(2, Fault::Missing)),
        _ => Err(at.wrong(2, Fault::Unsupported)),
    }
}

fn observation(at: At<'_>) -> Result<Observation, ReadError> {
    let segment = at.segment;
    let code = segment.field(3);
    if code.component(1).is_empty() && code.component(2).is_empty() {
        return Err(at.wrong(3, Fault::Missing));
    }
    let alternate = (code.component(4), code.component(6));
    let letter = segment.field(11).component(1);
    let status = ObservationStatus::from_letter(&letter).ok_or_else(|| {
        let fault = if letter.is_empty() {
            Fault::Missing
        } else {
            Fault::Form
        };
        at.wrong(11, fault)
    })?;
    let flags = segment.field(8).repetitions().map(|it| it.component(1));
    Ok(Observation {
        code: code.component(1),
        name: code.component(2),
        system: code.component(3),
        alternate: (!alternate.0.is_empty()).then_some(alternate),
        sub_id: segment.field(4).text(),
        value: value(at)?,
        unit: segment.field(6).component(1),
        range: segment.field(7).text(),
        flags: flags.filter(|it| !it.is_empty()).collect(),
        status,
        observed: at.stamp(14)?,
        notes: Vec::new(),
    })
}

fn order(at: At<'_>, common: Option<Segment<'_>>) -> Result<OrderGroup, ReadError> {
    let either = |number: usize| {
        let own = at.segment.field(number).component(1);
        match common {
            Some(common) if own.is_empty() => common.field(number).component(1),
            _ => own,
        }
    };
    let service = at.segment.field(4);
    Ok(OrderGroup {
        placer: either(2),
        filler: either(3),
        service: (
            service.component(1),
            service.component(2),
            service.component(3),
        ),
        observed: at.stamp(7)?,
        status: at.segment.field(25).component(1),
        notes: Vec::new(),
        observations: Vec::new(),
    })
}

impl Report {
    /// Reads a message that was parsed. What a laboratory may send besides is passed over: visits,
    /// specimens, segments of its own.
    ///
    /// # Errors
    /// [`ReadError`] with the segment and the field.
    pub fn read(message: &Message) -> Result<Self, ReadError> {
        let mut segments = message.segments();
        let first = segments.next().ok_or(ReadError::Segment("MSH"))?;
        let header = header(message, first)?;
        let mut patients: Vec<PatientGroup> = Vec::new();
        let mut common = None;
        let (mut pid, mut obr, mut obx) = (0, 0, 0);
        let at = |segment, name, counter: &mut usize| {
            *counter += 1;
            At {
                segment,
                name,
                occurrence: *counter,
            }
        };
        for segment in segments {
            let group = patients.last_mut();
            match segment.name() {
                "MSH" => return Err(ReadError::Segment("MSH")),
                "PID" => {
                    common = None;
                    patients.push(PatientGroup {
                        person: person(at(segment, "PID", &mut pid))?,
                        orders: Vec::new(),
                    });
                }
                "ORC" => common = Some(segment),
                "OBR" => {
                    let group = group.ok_or(ReadError::Segment("PID"))?;
                    let at = at(segment, "OBR", &mut obr);
                    group.orders.push(order(at, common.take())?);
                }
                "OBX" => {
                    let it = observation(at(segment, "OBX", &mut obx))?;
                    let order = group.and_then(|it| it.orders.last_mut());
                    let order = order.ok_or(ReadError::Segment("OBR"))?;
                    order.observations.push(it);
                }
                "NTE" => {
                    let text = segment.field(3).text();
                    let order = group.and_then(|it| it.orders.last_mut());
                    let Some(order) = order.filter(|_| !text.is_empty()) else {
                        continue;
                    };
                    match order.observations.last_mut() {
                        Some(line) => line.notes.push(text),
                        None => order.notes.push(text),
                    }
                }
                _ => {}
            }
        }
        if patients.is_empty() {
            return Err(ReadError::Segment("PID"));
        }
        if patients.iter().any(|it| it.orders.is_empty()) {
            return Err(ReadError::Segment("OBR"));
        }
        Ok(Self { header, patients })
    }
}
