"""What lists cost: a province of open records written, and opened by LibreOffice; synthetic rows only."""
