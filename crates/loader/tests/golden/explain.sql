SELECT file_name, column_name, column_type, column_length, error_code, error_message
FROM sys_load_error_detail
WHERE file_name LIKE '%sales-d43b626a46f2e31b1338918b54f18d07%'
ORDER BY start_time DESC
LIMIT 5;
