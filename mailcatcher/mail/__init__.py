"""What a mail is: addresses, envelope, parsed message."""
