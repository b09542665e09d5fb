/** Every code that this plugin reports; the table in the README explains them. */
export const issueCodes = [
  'invalid_json_line',
  'missing_required_parameter',
  'invalid_type',
  'duplicate_custom_id',
  'invalid_method',
  'invalid_url',
  'invalid_request',
  'mismatched_model',
  'streaming_unsupported',
  'too_many_tasks',
  'empty_file',
  'invalid_utf8',
  'line_too_long',
] as const

export type IssueCode = (typeof issueCodes)[number]
