//! `docs/api.md` is made from the proto and its comments, and says what they say:
//! `make api-docs` writes it, and here it is held against what would be written.

use std::fmt::Write as _;

use aupd::bundle::Bundle;
use expect_test::expect_file;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use prost_types::{FileDescriptorProto, ServiceDescriptorProto};

/// Numbers of the fields of descriptors, of which the paths of comments are made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const INNER: i32 = 2;

const HEAD: &str = "# The API\n\n\
    Made from the comments in `proto/aup/v1/` by `make api-docs`; a test holds it to them. Each sentence there gives the \
    default, the bound and the consequence.\n\n";

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(aupd::proto::FILE_DESCRIPTOR_SET).expect("the descriptors decode");
    set.file.into_iter().filter(|file| file.package() == "aup.v1").collect()
}

/// The comment at a path, as one paragraph. There has to be one.
fn comment(file: &FileDescriptorProto, path: &[i32]) -> String {
    let places = &file.source_code_info.as_ref().expect("comments are kept").location;
    let place = places.iter().find(|place| place.path == path).expect("every element has a place");
    let text = place.leading_comments().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!text.is_empty(), "{}: no comment at {path:?}", file.name());
    text
}

fn number(place: usize) -> i32 {
    i32::try_from(place).expect("few")
}

/// Text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

fn link(name: &str) -> String {
    match name.strip_prefix(".aup.v1.") {
        Some(ours) => format!("[{ours}](#{})", ours.to_lowercase()),
        None => format!("`{}`", name.trim_start_matches('.')),
    }
}

fn kind(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let entries =
        message.nested_type.iter().find(|inner| field.type_name().ends_with(&format!(".{}", inner.name())));
    if let Some([key, value]) = entries.map(|entry| entry.field.as_slice()) {
        return format!("map of {} to {}", kind(message, key), kind(message, value));
    }
    let name = match field.r#type() {
        Type::Message | Type::Enum => link(field.type_name()),
        other => other.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    let one_of = field.oneof_index.filter(|_| !field.proto3_optional());
    let one_of = one_of.and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
    match (field.label(), field.proto3_optional(), one_of) {
        (Label::Repeated, ..) => format!("repeated {name}"),
        (_, true, _) => format!("optional {name}"),
        (_, _, Some(one_of)) => format!("{name}, one of `{}`", one_of.name()),
        _ => name,
    }
}

fn service(file: &FileDescriptorProto, place: usize, service: &ServiceDescriptorProto) -> String {
    let path = [SERVICES, number(place)];
    let mut text = format!("### {}\n\n{}\n\n", service.name(), comment(file, &path));
    text += "| method | takes | gives | |\n| --- | --- | --- | --- |\n";
    for (inner, method) in service.method.iter().enumerate() {
        let said = comment(file, &[path[0], path[1], INNER, number(inner)]);
        let stream =
            |streams: bool, name: &str| format!("{}{}", if streams { "stream of " } else { "" }, link(name));
        let takes = stream(method.client_streaming(), method.input_type());
        let gives = stream(method.server_streaming(), method.output_type());
        let _ = writeln!(text, "| `{}` | {takes} | {gives} | {} |", method.name(), cell(&said));
    }
    text + "\n"
}

fn message(file: &FileDescriptorProto, place: usize, message: &DescriptorProto) -> String {
    let path = [MESSAGES, number(place)];
    let mut text = format!("### {}\n\n{}\n\n", message.name(), comment(file, &path));
    if !message.field.is_empty() {
        text += "| | field | type | |\n| --: | --- | --- | --- |\n";
    }
    for (inner, field) in message.field.iter().enumerate() {
        let said = comment(file, &[path[0], path[1], INNER, number(inner)]);
        let kind = kind(message, field);
        let _ = writeln!(text, "| {} | `{}` | {kind} | {} |", field.number(), field.name(), cell(&said));
    }
    text + "\n"
}

fn enumeration(file: &FileDescriptorProto, place: usize, of: &EnumDescriptorProto) -> String {
    let path = [ENUMS, number(place)];
    let mut text = format!("### {}\n\n{}\n\n", of.name(), comment(file, &path));
    text += "| | value | |\n| --: | --- | --- |\n";
    for (inner, value) in of.value.iter().enumerate() {
        let said = comment(file, &[path[0], path[1], INNER, number(inner)]);
        let _ = writeln!(text, "| {} | `{}` | {} |", value.number(), value.name(), cell(&said));
    }
    text + "\n"
}

fn document() -> String {
    let mut text = HEAD.to_owned();
    for file in files() {
        let _ = writeln!(text, "## {}\n", file.name());
        for (place, inner) in file.service.iter().enumerate() {
            text += &service(&file, place, inner);
        }
        for (place, inner) in file.message_type.iter().enumerate() {
            text += &message(&file, place, inner);
        }
        for (place, inner) in file.enum_type.iter().enumerate() {
            text += &enumeration(&file, place, inner);
        }
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn the_document_of_the_api_is_current() {
    expect_file!["../../docs/api.md"].assert_eq(&document());
}

/// The comment of a code says what the catalogue says, and shows it at an example.
#[test]
fn a_reason_code_says_its_clause_whether_a_retry_helps_and_an_example() {
    let bundle = Bundle::embedded().expect("the bundle is sound");
    let files = files();
    let file = files.iter().find(|file| file.name() == "aup/v1/reason.proto").expect("the codes");
    for (inner, value) in file.enum_type[0].value.iter().enumerate() {
        let said = comment(file, &[ENUMS, 0, INNER, number(inner)]);
        let code = value.name().trim_start_matches("REASON_CODE_");
        assert!(said.contains("Example: "), "{code} has no example");
        let Some(reason) = bundle.catalogue.reasons.iter().find(|reason| reason.code.as_ref() == code) else {
            assert!(["UNSPECIFIED", "OK"].contains(&code), "{code} is not in the catalogue");
            continue;
        };
        let retryable = if reason.retryable { "retryable" } else { "not retryable" };
        assert!(said.contains(&format!("Clause {}, {retryable}.", reason.clause)), "{code}: {said}");
    }
}
