namespace FaceGen.Contract;

/// <summary>Defines an operation of the service: its path, and the fields of its requests.</summary>
internal sealed class Operation
{
    private Operation(string group, string name, IReadOnlyList<RequestField> fields)
    {
        Group = group;
        Name = name;
        Fields = fields;
    }

    /// <summary>Gets the face generation, the only operation so far.</summary>
    internal static Operation FaceGen { get; } = new("image_editing", "face_gen", RequestField.All);

    /// <summary>Gets the name, which is the last part of the path of a submission. A ledger records it with each row.</summary>
    internal string Name { get; }

    /// <summary>Gets the fields, in the order of the API's reference.</summary>
    internal IReadOnlyList<RequestField> Fields { get; }

    /// <summary>Gets the name of the service's group of operations, which is a part of each path.</summary>
    internal string Group { get; }

    /// <summary>Returns the path of a submission, relative to the root address.</summary>
    internal string GetSubmissionPath(bool isEnterprise) => GetFolder(isEnterprise) + Name;

    /// <summary>Returns the path at which a generation is fetched, relative to the root address.</summary>
    internal string GetFetchPath(bool isEnterprise, string id) => $"{GetFolder(isEnterprise)}fetch/{Uri.EscapeDataString(id)}";

    private string GetFolder(bool isEnterprise) => $"api/{(isEnterprise ? "v1/enterprise" : "v6")}/{Group}/";
}
