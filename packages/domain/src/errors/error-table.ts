/**
 * Every error that Custody answers or throws on purpose: one row each, nothing elsewhere.
 *
 * `status` is the HTTP status of the base dialect; a dialect may answer another one for a code.
 * `code` is what the envelope's `code` shows (`null` where OpenAI's own answer has none).
 * `retry: false` becomes `x-should-retry: false`, for statuses that the SDKs would retry on their own.
 */
type Row = {
  readonly status: number
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'rate_limit_error'
    | 'server_error'
  readonly code: string | null
  readonly retry?: false
  readonly about: string
}

const request = 'invalid_request_error'
const server = 'server_error'

export const errorTable = {
  // Requests: form, query, body
  missing_required_parameter: {
    status: 400,
    type: request,
    code: 'missing_required_parameter',
    about: 'A required field is missing or empty.',
  },
  unknown_parameter: {
    status: 400,
    type: request,
    code: 'unknown_parameter',
    about: 'A form field, query or body key that the route does not know.',
  },
  duplicate_parameter: {
    status: 400,
    type: request,
    code: 'duplicate_parameter',
    about: 'A field or query key came twice.',
  },
  invalid_type: {
    status: 400,
    type: request,
    code: 'invalid_type',
    about: 'A value has the wrong type.',
  },
  invalid_value: {
    status: 400,
    type: request,
    code: 'invalid_value',
    about: 'A value is not among the allowed ones.',
  },
  integer_above_max_value: {
    status: 400,
    type: request,
    code: 'integer_above_max_value',
    about: 'An integer is too large.',
  },
  integer_below_min_value: {
    status: 400,
    type: request,
    code: 'integer_below_min_value',
    about: 'An integer is too small.',
  },
  string_above_max_length: {
    status: 400,
    type: request,
    code: 'string_above_max_length',
    about: 'A text is too long.',
  },
  invalid_purpose: {
    status: 400,
    type: request,
    code: null,
    about: 'The purpose is not offered to this key.',
  },
  invalid_file_name: {
    status: 400,
    type: request,
    code: 'invalid_file_name',
    about: 'The file name is empty, over 255 bytes, or has control characters.',
  },
  invalid_extension: {
    status: 400,
    type: request,
    code: 'invalid_extension',
    about: 'The purpose does not take files with this extension.',
  },
  invalid_multipart: {
    status: 400,
    type: request,
    code: 'invalid_multipart',
    about: 'The body is not a well-formed multipart form.',
  },
  invalid_json: {
    status: 400,
    type: request,
    code: 'invalid_json',
    about: 'The body is not well-formed JSON.',
  },
  form_too_large: {
    status: 400,
    type: request,
    code: 'form_too_large',
    about: 'Too many form fields, or one with too long a name or value.',
  },
  unsupported_transfer_encoding: {
    status: 400,
    type: request,
    code: 'unsupported_transfer_encoding',
    about: 'A part is base64 or quoted-printable.',
  },
  digest_mismatch: {
    status: 400,
    type: request,
    code: 'digest_mismatch',
    about: 'The content does not have the digest that the client sent.',
  },
  empty_file: {
    status: 400,
    type: request,
    code: 'empty_file',
    about: 'The file has no bytes.',
  },
  invalid_part_ids: {
    status: 400,
    type: request,
    code: 'invalid_part_ids',
    about:
      'A part is not the upload’s or comes twice, or all have other bytes than declared.',
  },
  too_many_parts: {
    status: 400,
    type: request,
    code: 'too_many_parts',
    about: 'The upload has as many parts, or as many bytes in them, as one can have.',
  },
  upload_not_pending: {
    status: 400,
    type: request,
    code: 'upload_not_pending',
    about: 'The upload was completed or cancelled, or has expired.',
  },
  validation_failed: {
    status: 400,
    type: request,
    code: 'validation_failed',
    about: 'A plugin refused the file; `code` and `param` are those of its first issue.',
  },
  file_too_large: {
    status: 413,
    type: request,
    code: 'file_too_large',
    about: 'The file is over the limit.',
  },
  body_too_large: {
    status: 413,
    type: request,
    code: 'body_too_large',
    about: 'A JSON body is over 1 MiB.',
  },
  unsupported_media_type: {
    status: 415,
    type: request,
    code: 'unsupported_media_type',
    about:
      'The Content-Type or Content-Encoding of the request is not one that the route takes.',
  },
  unsupported_file_type: {
    status: 415,
    type: request,
    code: 'unsupported_media_type',
    about:
      'The file’s extension or content is of no type that the dialect or the plugin takes.',
  },
  bad_request: {
    status: 400,
    type: request,
    code: 'bad_request',
    about: 'The bytes on the connection are not HTTP.',
  },
  headers_too_large: {
    status: 431,
    type: request,
    code: 'headers_too_large',
    about: 'The request headers are over 16 KiB.',
  },
  request_timeout: {
    status: 408,
    type: request,
    code: 'request_timeout',
    about: 'Headers or body stood still for too long.',
  },

  // Who asks
  missing_api_key: { status: 401, type: request, code: null, about: 'No key was sent.' },
  invalid_api_key: {
    status: 401,
    type: request,
    code: 'invalid_api_key',
    about: 'The key is wrong, revoked or expired.',
  },
  conflicting_api_keys: {
    status: 401,
    type: request,
    code: 'invalid_api_key',
    about: 'Authorization and x-api-key hold different keys.',
  },
  mismatched_project: {
    status: 401,
    type: request,
    code: 'mismatched_project',
    about: 'OpenAI-Project names another project than the key’s.',
  },
  insufficient_permissions: {
    status: 403,
    type: request,
    code: 'insufficient_permissions',
    about: 'The key lacks the scope.',
  },

  // What is asked for
  file_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such file in this project: never was, has ended, or is another project’s.',
  },
  upload_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such upload in this project: never was, or is another project’s.',
  },
  cursor_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'The `after` cursor never was an object of this list.',
  },
  project_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such project.',
  },
  service_account_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such service account.',
  },
  api_key_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such API key.',
  },
  webhook_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No such webhook in this project.',
  },
  consumer_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No consumer of this name.',
  },
  projection_not_found: {
    status: 404,
    type: request,
    code: null,
    about: 'No projection of this name.',
  },
  route_not_found: {
    status: 404,
    type: request,
    code: 'unknown_url',
    about: 'No such route.',
  },
  method_not_allowed: {
    status: 405,
    type: request,
    code: 'method_not_allowed',
    about: 'The route does not take this method; `Allow` names those that it takes.',
  },
  event_not_found: {
    status: 404,
    type: request,
    code: 'event_not_found',
    about: 'The project has no event at this position.',
  },
  tile_not_found: {
    status: 404,
    type: request,
    code: 'tile_not_found',
    about: 'The log has no such tile, or not so much of it.',
  },
  precondition_failed: {
    status: 412,
    type: request,
    code: 'precondition_failed',
    about: 'If-Match names another content than that of the file.',
  },
  range_not_satisfiable: {
    status: 416,
    type: request,
    code: 'range_not_satisfiable',
    about: 'The range begins after the end of the file.',
  },
  project_archived: {
    status: 409,
    type: request,
    code: 'project_archived',
    retry: false,
    about: 'The project was archived.',
  },
  hold_not_found: {
    status: 404,
    type: request,
    code: 'hold_not_found',
    about: 'The file has no hold of this name.',
  },
  hold_exists: {
    status: 409,
    type: request,
    code: 'hold_exists',
    retry: false,
    about: 'The file has a hold of this name already.',
  },
  too_many_webhooks: {
    status: 409,
    type: request,
    code: 'too_many_webhooks',
    retry: false,
    about: 'The project has as many webhooks as one can have.',
  },
  webhook_url_not_allowed: {
    status: 400,
    type: request,
    code: 'webhook_url_not_allowed',
    about: 'Webhooks are not delivered to this URL: its scheme, host or port.',
  },
  too_many_holds: {
    status: 409,
    type: request,
    code: 'too_many_holds',
    retry: false,
    about: 'The file has as many holds as one can have.',
  },
  file_held: {
    status: 409,
    type: request,
    code: 'file_held',
    retry: false,
    about: 'A hold or a retention protects the file.',
  },
  idempotency_key_reused: {
    status: 409,
    type: request,
    code: 'idempotency_key_reused',
    retry: false,
    about: 'The Idempotency-Key was used for another request.',
  },
  consumer_not_stopped: {
    status: 409,
    type: request,
    code: 'consumer_not_stopped',
    retry: false,
    about: 'The consumer is running, so there is nothing to resume or skip.',
  },

  // How much
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    about: 'Too many requests.',
  },
  too_many_streams: {
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_streams',
    about: 'The key has as many live streams open as one can have.',
  },
  too_many_uploads: {
    status: 429,
    type: 'rate_limit_error',
    code: 'too_many_uploads',
    about: 'Over 64 uploads at once with one key.',
  },
  storage_quota_exceeded: {
    status: 507,
    type: request,
    code: 'storage_quota_exceeded',
    retry: false,
    about: 'The project’s quota is used up.',
  },
  insufficient_storage: {
    status: 507,
    type: server,
    code: 'insufficient_storage',
    retry: false,
    about: 'The disk is full.',
  },

  // Us
  overloaded: {
    status: 503,
    type: server,
    code: 'overloaded',
    about: 'The append queue is full, or the server is stopping.',
  },
  plugin_failed: {
    status: 500,
    type: server,
    code: 'plugin_failed',
    about: 'A plugin threw, exited, or went over its time or memory; nothing was stored.',
  },
  content_damaged: {
    status: 500,
    type: server,
    code: 'content_damaged',
    about: 'The stored bytes are not those that were uploaded.',
  },
  content_not_imported: {
    status: 410,
    type: request,
    code: 'content_not_imported',
    about:
      'The deployment was imported without the content of this file; everything else of the file is here.',
  },
  checkpoint_missing: {
    status: 503,
    type: server,
    code: 'checkpoint_missing',
    about: 'No checkpoint that covers the log can be signed here.',
  },
  erasure_unfinished: {
    status: 503,
    type: server,
    code: 'erasure_unfinished',
    about:
      'The erasure is recorded, and something holds remnants still. It goes on by itself; ask again.',
  },
  log_fenced: {
    status: 503,
    type: server,
    code: 'log_fenced',
    about: 'A newer writer took over the log.',
  },
  log_damaged: {
    status: 500,
    type: server,
    code: 'log_damaged',
    about: 'The log contradicts itself.',
  },
  internal_error: {
    status: 500,
    type: server,
    code: 'internal_error',
    about: 'A defect of Custody.',
  },

  // At start and on the command line: never on the wire
  invalid_configuration: {
    status: 500,
    type: server,
    code: 'invalid_configuration',
    about: 'A setting is unknown or wrong.',
  },
  data_folder_in_use: {
    status: 500,
    type: server,
    code: 'data_folder_in_use',
    about: 'Another process serves this data folder.',
  },
  data_folder_unusable: {
    status: 500,
    type: server,
    code: 'data_folder_unusable',
    about: 'The data folder cannot be used: missing, foreign, of another version.',
  },
  backup_unusable: {
    status: 500,
    type: server,
    code: 'backup_unusable',
    about: 'The folder holds no whole backup, or one of another log.',
  },
  backup_damaged: {
    status: 500,
    type: server,
    code: 'backup_damaged',
    about: 'A piece of a backup is missing, or is not what the backup says of it.',
  },
  invalid_export: {
    status: 500,
    type: server,
    code: 'invalid_export',
    about:
      'What is to be verified or imported is no export, or is not whole and unchanged.',
  },
  log_rolled_back: {
    status: 500,
    type: server,
    code: 'log_rolled_back',
    about: 'The log does not extend a checkpoint that was signed of it.',
  },
  master_key_missing: {
    status: 500,
    type: server,
    code: 'master_key_missing',
    about: 'Content is sealed under a master key that is not there, or not the same.',
  },
  request_refused: {
    status: 500,
    type: server,
    code: null,
    about:
      'The server of a client command refused a request, or answered what it should not.',
  },
  server_unreachable: {
    status: 500,
    type: server,
    code: 'server_unreachable',
    about: 'The server of a client command cannot be reached, or the connection broke.',
  },
  invalid_plugin: {
    status: 500,
    type: server,
    code: 'invalid_plugin',
    about:
      'A plugin does not load, declares something wrong, or claims a purpose that another has.',
  },
} as const satisfies Record<string, Row>

export type ErrorKey = keyof typeof errorTable
export type ErrorRow = Row
