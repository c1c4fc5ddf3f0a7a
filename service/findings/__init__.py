"""What an auditor should look at: rules over the disclosed statements of trails. Pure: no input, no output."""
