/** Codes for which a file is refused; the table in the README explains them. */
export const issueCodes = [
  'invalid_json_line',
  'data_type',
  'missing_messages_list',
  'message_missing_key',
  'message_unrecognized_key',
  'unrecognized_role',
  'missing_content',
  'example_missing_assistant_message',
  'mixed_formats',
  'missing_required_parameter',
  'invalid_type',
  'invalid_weight',
  'invalid_tool',
  'invalid_tool_call',
  'unknown_tool_call_id',
  'unsupported_content_part',
  'image_not_allowed',
  'invalid_image',
  'image_too_large',
  'too_many_images',
  'too_many_image_examples',
  'invalid_output',
  'empty_file',
  'invalid_utf8',
  'line_too_long',
  'too_many_issues',
] as const

/** Codes of warnings: the file is accepted. */
export const warningCodes = [
  'invalid_n_examples',
  'example_missing_assistant_message',
  'example_unrecognized_key',
  'missing_user_message',
  'last_message_not_assistant',
  'consecutive_roles',
  'input_ends_with_assistant',
  'missing_tool_result',
  'undefined_tool',
  'invalid_tool_arguments',
  'insecure_image_url',
  'image_type_mismatch',
] as const

export type IssueCode = (typeof issueCodes)[number]
export type WarningCode = (typeof warningCodes)[number]
