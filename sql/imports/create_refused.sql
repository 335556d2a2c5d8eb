-- Rows of `staged` that can't be taken. code says why, named is the value it is about (or explains), example that value.
create temp table refused (
  like staged,
  code text,
  named text,
  example text
);
