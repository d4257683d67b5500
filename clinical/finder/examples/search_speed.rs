//! Prints how fast each kind of query is answered among many people, and how often the person is found.
//! `cargo run -p clinical-finder --example search_speed [people]`
#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::time::Instant;

use clinical_finder::{Finder, Person, fold_words};
use uuid::Uuid;

mod people;

const QUERIES: usize = 300;

type Ask = fn(&Person, &mut people::Source) -> String;

fn main() {
    let count: usize = std::env::args()
        .nth(1)
        .and_then(|arg| arg.parse().ok())
        .unwrap_or(200_000);
    let mut source = people::Source::new(7);
    let crowd: Vec<Person> = (0..count).map(|_| source.person()).collect();
    let mut finder = Finder::new();
    let begin = Instant::now();
    for (n, person) in crowd.iter().enumerate() {
        finder.insert(Uuid::from_u128(n as u128), person);
    }
    println!("{count} people inserted in {:?}", begin.elapsed());
    println!(
        "{:22} {:>9} {:>9} {:>9} {:>7}",
        "kind", "p50 ms", "p95 ms", "max ms", "top 10"
    );
    let kinds: [(&str, Ask); 11] = [
        ("full name", |p, _| p.names.join(" ")),
        ("other order", |p, _| {
            p.names
                .iter()
                .rev()
                .map(|name| name.to_lowercase())
                .collect::<Vec<_>>()
                .join(" ")
        }),
        ("family name", |p, _| p.names[1].clone()),
        ("typed beginning", beginning),
        ("one letter", |p, _| {
            fold_words(&p.names[0])[0].chars().take(1).collect()
        }),
        ("two words, begun", |p, s| {
            format!("{} {}", fold_words(&p.names[0])[0], beginning(p, s))
        }),
        ("one slip", one_slip),
        ("spelling", spelling),
        ("last digits of phone", |p, _| {
            p.phones[0].chars().skip(7).collect()
        }),
        ("birth date and name", |p, _| {
            let birth = p.birth_date.map_or((0, 0, 0), |b| (b.day, b.month, b.year));
            format!(
                "{:02}/{:02}/{} {}",
                birth.0,
                birth.1,
                birth.2,
                fold_words(&p.names[1])[0]
            )
        }),
        ("pasted text", |p, _| {
            format!("{} {} a b c d e f", p.names.join(" "), p.names.join(" "))
        }),
    ];
    for (name, ask) in kinds {
        measure(name, &finder, &crowd, ask);
    }
    let begin = Instant::now();
    let own = (0..QUERIES)
        .filter(|n| !finder.similar(&crowd[n * 31 % count]).is_empty())
        .count();
    println!(
        "similar: {:.2} ms each, {own} of {QUERIES} found themselves",
        begin.elapsed().as_secs_f64() * 1e3 / QUERIES as f64
    );
}

fn measure(name: &str, finder: &Finder, crowd: &[Person], ask: Ask) {
    let mut source = people::Source::new(99);
    let mut times = Vec::with_capacity(QUERIES);
    let mut found = 0;
    for _ in 0..QUERIES {
        let at = source.below(crowd.len());
        let query = ask(&crowd[at], &mut source);
        let begin = Instant::now();
        let hits = finder.search(&query, 10);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        found += usize::from(hits.iter().any(|hit| hit.id == Uuid::from_u128(at as u128)));
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{name:22} {:9.2} {:9.2} {:9.2} {:6.1}%",
        times[QUERIES / 2],
        times[QUERIES * 95 / 100],
        times[QUERIES - 1],
        found as f64 * 100.0 / QUERIES as f64
    );
}

fn beginning(person: &Person, _: &mut people::Source) -> String {
    fold_words(&person.names[1])[0].chars().take(4).collect()
}

fn one_slip(person: &Person, source: &mut people::Source) -> String {
    let mut words: Vec<String> = person
        .names
        .iter()
        .flat_map(|name| fold_words(name))
        .collect();
    let Some(long) = words.iter_mut().max_by_key(|word| word.len()) else {
        return String::new();
    };
    let mut letters: Vec<char> = long.chars().collect();
    let at = source.below(letters.len() - 1);
    match source.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, 'x'),
        2 => letters[at] = 'x',
        _ => letters.swap(at, at + 1),
    }
    *long = letters.into_iter().collect();
    words.join(" ")
}

fn spelling(person: &Person, _: &mut people::Source) -> String {
    let words: Vec<String> = person
        .names
        .iter()
        .flat_map(|name| fold_words(name))
        .collect();
    words
        .join(" ")
        .replace("ou", "w")
        .replace("ph", "f")
        .replace("mb", "b")
        .replace('y', "i")
        .replace("ll", "l")
        .replace("ka", "ca")
}
