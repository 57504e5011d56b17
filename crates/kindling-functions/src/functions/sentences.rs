//! `sentences`: texts cut into sentences and words, by the rules of Java's `BreakIterator`.

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray, ListArray, StringArray},
    buffer::{NullBuffer, OffsetBuffer},
    datatypes::{DataType as ArrowType, Field},
};
use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::string::typed;
use crate::{
    CallContext, TypedExpr,
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    udf::call,
};

pub(super) static ENTRIES: &[FunctionEntry] = &[scalar("sentences", 1, 3, sentences)];

fn array_of(element: DataType) -> DataType {
    DataType::Array { element: Box::new(element), contains_null: false }
}

/// The language and the country choose rules; Java has one set for all but Thai.
fn sentences(ctx: &CallContext<'_>, args: Vec<TypedExpr>) -> SparkResult<TypedExpr> {
    let (args, _) = typed(ctx, args, &[DataType::String, DataType::String, DataType::String])?;
    let (text, words) = (args.into_iter().take(1).collect(), array_of(DataType::String));
    Ok(call(ctx, "sentences").arrays(text, array_of(words), true, |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let (mut values, mut inner, mut outer) = (vec![], vec![], vec![]);
        for row in 0..rows {
            let before = inner.len();
            if texts.is_valid(row) {
                for sentence in split_sentences(texts.value(row)) {
                    let first = values.len();
                    values.extend(split_words(sentence));
                    inner.push(values.len() - first);
                }
            }
            outer.push(inner.len() - before);
        }
        let word = Arc::new(Field::new("item", ArrowType::Utf8, false));
        let words =
            ListArray::try_new(word, OffsetBuffer::from_lengths(inner), Arc::new(StringArray::from(values)), None)
                .map_err(from_arrow_error)?;
        let sentence = Arc::new(Field::new("item", words.data_type().clone(), false));
        let nulls = NullBuffer::from_iter((0..rows).map(|row| texts.is_valid(row)));
        let all = ListArray::try_new(sentence, OffsetBuffer::from_lengths(outer), Arc::new(words), Some(nulls))
            .map_err(from_arrow_error)?;
        Ok(Arc::new(all))
    }))
}

fn is_term(c: char) -> bool {
    matches!(c, '!' | '?' | '。' | '！' | '？')
}

fn is_full_stop(c: char) -> bool {
    matches!(c, '.' | '．')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// Marks that close what a sentence ends with.
fn is_closing(c: char) -> bool {
    is_quote(c) || matches!(c, ')' | ']' | '}' | '»' | '”' | '’' | '›' | '」' | '』' | '）')
}

/// The sentences of a text, with the spaces behind them.
fn split_sentences(text: &str) -> Vec<&str> {
    let mut out = vec![];
    let mut start = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        at += c.len_utf8();
        let ends = if c == '\u{2029}' {
            Some(at)
        } else if is_term(c) || is_full_stop(c) {
            end_of_sentence(text, at - c.len_utf8())
        } else {
            None
        };
        if let Some(end) = ends {
            out.push(&text[start..end]);
            start = end;
            at = end;
        }
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

/// Where a sentence ends whose terminators begin at `from`; `None` where they end none.
fn end_of_sentence(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let skip = |at: usize, test: &dyn Fn(char) -> bool| at + run(&rest[at..], test);
    let terms = skip(0, &|c| is_term(c) || is_full_stop(c));
    let closed = skip(terms, &is_closing);
    let spaced = skip(closed, &|c| c.is_whitespace() && c != '\u{2029}');
    let paragraph = skip(spaced, &|c| c == '\u{2029}').min(spaced + '\u{2029}'.len_utf8());
    if rest[..terms].chars().any(is_term) {
        return Some(from + paragraph);
    }
    // A full stop may stand inside a sentence: behind an abbreviation, or in a number.
    let next = rest[spaced..].chars().next()?;
    if next == '\u{2029}' {
        return Some(from + paragraph);
    }
    if next.is_lowercase() || next.is_ascii_digit() {
        return None;
    }
    if spaced > closed {
        return Some(from + spaced);
    }
    // A quote right behind it opens the next sentence.
    let quoted = closed > terms && rest[terms..closed].chars().all(is_quote);
    quoted.then_some(from + terms)
}

/// How long the run of characters is that pass a test.
fn run(text: &str, test: &dyn Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Kanji,
    Hiragana,
    Katakana,
    Other,
}

fn class(c: char) -> Class {
    match c {
        '\u{3041}'..='\u{309f}' => Class::Hiragana,
        '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Class::Katakana,
        '\u{3005}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => Class::Kanji,
        // Marks belong to the letters before them.
        '\u{300}'..='\u{36f}' => Class::Letter,
        _ if c.is_alphabetic() => Class::Letter,
        _ if c.is_numeric() => Class::Digit,
        _ => Class::Other,
    }
}

fn joins_letters(c: char) -> bool {
    matches!(c, '\'' | '.' | '-' | '_' | '\u{ad}' | '·' | '’' | '‐' | '‑' | '–' | '—')
}

fn joins_digits(c: char) -> bool {
    matches!(c, '.' | ',')
}

fn precedes_number(c: char) -> bool {
    matches!(c, '$' | '£' | '¤' | '¥' | '€' | '₩' | '₽' | '₹' | '#' | '.')
}

/// The words of a sentence: those that begin with a letter or a digit.
fn split_words(sentence: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = sentence.char_indices().collect();
    let at = |i: usize| chars.get(i).map(|(_, c)| *c);
    let class_at = |i: usize| at(i).map_or(Class::Other, class);
    let mut out = vec![];
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        // With its sign a number begins with no digit, and is no word.
        let signed = at(i).is_some_and(precedes_number) && class_at(i + 1) == Class::Digit;
        if signed {
            i += 1;
        }
        match class_at(i) {
            Class::Other => {
                i += 1;
                continue;
            }
            kind @ (Class::Kanji | Class::Hiragana | Class::Katakana) => {
                while class_at(i) == kind {
                    i += 1;
                }
            }
            Class::Letter | Class::Digit => loop {
                match class_at(i) {
                    Class::Letter | Class::Digit => i += 1,
                    _ => {
                        let between = |kind: Class| i > start && class_at(i - 1) == kind && class_at(i + 1) == kind;
                        let joined = at(i).is_some_and(|c| {
                            joins_letters(c) && between(Class::Letter) || joins_digits(c) && between(Class::Digit)
                        });
                        if !joined {
                            break;
                        }
                        i += 1;
                    }
                }
            },
        }
        if class_at(i - 1) == Class::Digit && matches!(at(i), Some('%' | '‰' | '¢')) {
            i += 1;
        }
        let end = chars.get(i).map_or(sentence.len(), |(offset, _)| *offset);
        if let (false, Some((from, _))) = (signed, chars.get(start)) {
            out.push(&sentence[*from..end]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences split by `|`, words by a space; what a real Spark 4.2.0 gives.
    fn check(text: &str, expected: &str) {
        let found: Vec<String> = split_sentences(text).into_iter().map(|s| split_words(s).join(" ")).collect();
        assert_eq!(found.join("|"), expected, "{text}");
    }

    #[test]
    fn sentences_end_where_java_ends_them() {
        check("Hi there! Good morning.", "Hi there|Good morning");
        check("Hello. world is a b.", "Hello world is a b");
        check("Mr. Smith went. He said 'hi.' Then left", "Mr|Smith went|He said hi|Then left");
        check("3.14 is pi. Yes?No! ok", "3.14 is pi|Yes|No|ok");
        check("U.S.A. is big. (Really.) Yes", "U.S.A is big|Really|Yes");
        check("end.\"Quoted\" next. \"Hi,\" he said.", "end|Quoted next|Hi he said");
        check("No. 5 is. (a) ok", "No 5 is|a ok");
        check("Hi.)There x . y ! z", "Hi There x y|z");
        check("x.\u{2029}Y", "x|Y");
        check("ok!)then What?! No.   two", "ok|then What|No two");
        check("  ", "");
        assert!(split_sentences("").is_empty());
    }

    #[test]
    fn words_are_java_s() {
        check("don't stop e-mail foo_bar a.b.c x@y.com", "don't stop e-mail foo_bar a.b.c x y.com");
        check("a1b2 50% $3.50 1,000 #4 €5 5€", "a1b2 50% 1,000 5");
        check("covid-19 A1-B2 a.1 1.a 1a.b", "covid 19 A1 B2 a 1 a 1a.b");
        check("a--b a..b -5 _a a_ __", "a b a b 5 a a");
        check("日本語です。次の文。", "日本語 です|次 の 文");
        check("a\u{301}b résumé v1.2.3 1,000.50 10:30", "a\u{301}b résumé v1.2.3 1,000.50 10 30");
    }
}
