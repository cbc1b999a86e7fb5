using FaceGen.Emulator.CommandLine;

return await EmulatorCommand.RunAsync(args).ConfigureAwait(false);
