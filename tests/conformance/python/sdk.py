"""What the official Python SDK does against a server: one line of JSON for each case, `{"case", "error"}`."""

import asyncio
import hashlib
import json
import sys
import tempfile
import traceback
from pathlib import Path

import openai
from openai import AsyncOpenAI, OpenAI

client = OpenAI(max_retries=0)
LINE = (
    b'{"custom_id":"1","method":"POST","url":"/v1/chat/completions",'
    b'"body":{"model":"m","messages":[{"role":"user","content":"Hello"}]}}\n'
)
folder = Path(tempfile.mkdtemp(dir=sys.argv[1]))


def refused(kind, call):
    """The error that a call raises, which must be of the kind."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def same(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def a_path_a_tuple_and_an_open_file_are_uploaded():
    path = folder / "batch.jsonl"
    path.write_bytes(LINE)
    with path.open("rb") as opened:
        for source in (path, ("batch.jsonl", LINE), opened):
            file = client.files.create(file=source, purpose="batch")
            same((file.filename, file.bytes, file.status), ("batch.jsonl", len(LINE), "processed"))
            same(client.files.content(file.id).read(), LINE)


def names_are_kept_in_any_script():
    for name in ("Übung 1.txt", "資料.txt", 'a "b" c.txt', "🦊.txt"):
        file = client.files.create(file=(name, b"x"), purpose="user_data")
        same(client.files.retrieve(file.id).filename, name)


def expires_after_becomes_expires_at():
    file = client.files.create(
        file=("a.txt", b"x"),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    same(file.expires_at, file.created_at + 3600)


def a_list_is_paged_to_its_end_in_both_orders():
    made = [
        client.files.create(file=(f"{n}.txt", b"x"), purpose="evals").id for n in range(5)
    ]
    for order, wanted in (("asc", made), ("desc", made[::-1])):
        page = client.files.list(purpose="evals", limit=2, order=order)
        same([file.id for file in page], wanted)


def a_file_that_was_deleted_is_not_found():
    file = client.files.create(file=("a.txt", b"x"), purpose="user_data")
    same(client.files.delete(file.id).deleted, True)
    error = refused(openai.NotFoundError, lambda: client.files.retrieve(file.id))
    same((error.status_code, error.param), (404, "id"))


def a_refusal_has_code_param_and_issues():
    wrong = LINE.replace(b'"custom_id":"1",', b"")
    error = refused(
        openai.BadRequestError,
        lambda: client.files.create(file=("a.jsonl", LINE + wrong), purpose="batch"),
    )
    same((error.code, error.param), ("missing_required_parameter", "custom_id"))
    same(error.body["issues"][0]["line"], 2)


def a_wrong_key_is_an_authentication_error():
    other = OpenAI(api_key="sk-wrong", max_retries=0)
    error = refused(openai.AuthenticationError, lambda: other.files.list())
    same((error.status_code, error.code), (401, "invalid_api_key"))


def the_raw_response_has_request_id_and_position():
    raw = client.files.with_raw_response.create(file=("a.txt", b"x"), purpose="user_data")
    assert raw.request_id.startswith("req_"), raw.request_id
    assert int(raw.headers["x-custody-position"]) > 1, raw.headers


def content_is_streamed_to_a_file():
    content = bytes(range(256)) * 4096
    file = client.files.create(file=("a.bin", content), purpose="user_data")
    path = folder / "back.bin"
    with client.files.with_streaming_response.content(file.id) as response:
        response.stream_to_file(path)
    same(path.read_bytes() == content, True)


def upload_file_chunked_from_a_path():
    content = b"custody " * 100_000
    path = folder / "large.txt"
    path.write_bytes(content)
    done = client.uploads.upload_file_chunked(
        file=path, mime_type="text/plain", purpose="user_data", part_size=300_000
    )
    same((done.status, done.file.bytes, done.file.filename), ("completed", len(content), "large.txt"))
    same(client.files.content(done.file.id).read() == content, True)


def upload_file_chunked_from_memory_with_md5():
    done = client.uploads.upload_file_chunked(
        file=LINE,
        filename="batch.jsonl",
        bytes=len(LINE),
        mime_type="application/jsonl",
        purpose="batch",
        part_size=50,
        md5=hashlib.md5(LINE).hexdigest(),
    )
    same((done.status, done.file.purpose), ("completed", "batch"))


def upload_file_chunked_with_a_wrong_md5():
    error = refused(
        openai.BadRequestError,
        lambda: client.uploads.upload_file_chunked(
            file=LINE,
            filename="batch.jsonl",
            bytes=len(LINE),
            mime_type="application/jsonl",
            purpose="batch",
            md5=hashlib.md5(b"other").hexdigest(),
        ),
    )
    same(error.param, "md5")


def upload_file_chunked_of_no_bytes():
    path = folder / "empty.txt"
    path.write_bytes(b"")
    done = None
    try:
        done = client.uploads.upload_file_chunked(
            file=path, mime_type="text/plain", purpose="user_data"
        )
    except openai.BadRequestError as error:
        same(error.code, "empty_file")
    assert done is None, "a file of no bytes was made"


def an_upload_is_cancelled():
    upload = client.uploads.create(
        bytes=3, filename="a.txt", mime_type="text/plain", purpose="user_data"
    )
    client.uploads.parts.create(upload.id, data=b"abc")
    same(client.uploads.cancel(upload.id).status, "cancelled")
    refused(
        openai.BadRequestError,
        lambda: client.uploads.complete(upload.id, part_ids=[]),
    )


def an_idempotency_key_gives_the_first_file():
    def send():
        return client.files.create(
            file=("a.txt", b"once"),
            purpose="user_data",
            extra_headers={"Idempotency-Key": "python-1"},
        )

    same(send().id, send().id)


def twenty_uploads_at_once():
    async def run():
        async with AsyncOpenAI(max_retries=0) as many:
            files = await asyncio.gather(
                *(
                    many.files.create(file=(f"{n}.jsonl", LINE), purpose="batch")
                    for n in range(20)
                )
            )
            same(len({file.id for file in files}), 20)

    asyncio.run(run())


CASES = [
    a_path_a_tuple_and_an_open_file_are_uploaded,
    names_are_kept_in_any_script,
    expires_after_becomes_expires_at,
    a_list_is_paged_to_its_end_in_both_orders,
    a_file_that_was_deleted_is_not_found,
    a_refusal_has_code_param_and_issues,
    a_wrong_key_is_an_authentication_error,
    the_raw_response_has_request_id_and_position,
    content_is_streamed_to_a_file,
    upload_file_chunked_from_a_path,
    upload_file_chunked_from_memory_with_md5,
    upload_file_chunked_with_a_wrong_md5,
    upload_file_chunked_of_no_bytes,
    an_upload_is_cancelled,
    an_idempotency_key_gives_the_first_file,
    twenty_uploads_at_once,
]

for case in CASES:
    error = None
    try:
        case()
    except Exception:
        error = traceback.format_exc()
    print(json.dumps({"case": case.__name__, "error": error}), flush=True)
