-- Takes what only refused rows said out of `documents`: it has no say in the types of names.
delete from documents d where not exists (select from incoming i where i.document = d.document)
